import type { Backend, Call } from '../base/backend.ts'
import type { Entry, Key, LogInfo, Name } from '../base/entry.ts'
import { ConflictError, CorruptEntryError, NotALogError } from '../base/errors.ts'
import { type PromiseOrValue, chain, repeat } from '../base/promise-or-value.ts'
import { clone } from '../codec/clone.ts'
import { cellName, cellPrefix, randomId } from '../engine/parts.ts'
import { type Context, onKey } from './context.ts'
import { fire } from './hooks.ts'
import { changedMeta, live } from './meta.ts'
import type { LogOptions, WriteOptions } from './types.ts'

/*
 * Logs: a head that says how many elements there are, and one cell an element. A cell's name has its index, so that any
 * range of a log is a range of names. It ends with a random write id, and each cell, or for the last one the head, knows
 * the id of the one before it: what a crash or a lost race left at an index is told from what belongs there.
 */

const PAGE = 500

export function append(context: Context, key: Key, element: unknown, options?: WriteOptions): PromiseOrValue<void> {
  return onKey(context, key, options, ({ name, inner, call, backend }) => {
    const value = clone(element)
    const grow = (old: Entry | undefined): Entry => {
      const log = logOf(live(old)) ?? { id: randomId(), count: 0, last: '' }
      const last = randomId().slice(0, 8)
      const meta = changedMeta(live(old)?.meta, inner, 'log')
      const cell: Entry = { meta: { key: inner, type: 'log', lastWrite: meta.lastWrite, own: { previous: log.last } }, value }
      return {
        meta: { ...meta, own: { log: { ...log, count: log.count + 1, last } } },
        value: undefined,
        parts: [[cellName(log.id, log.count, last), cell]],
      }
    }
    return chain(backend.update(name, grow, call), ([, next]) =>
      fire(context, () => ({ op: 'append', key: inner, value, meta: next!.meta })),
    )
  })
}

export function log(context: Context, key: Key, options: LogOptions = {}): PromiseOrValue<unknown[]> {
  const elements: unknown[] = []
  return chain(
    read(context, key, options, (element) => elements.push(element)),
    () => elements,
  )
}

export function reduceLog<A>(
  context: Context,
  key: Key,
  fn: (accumulator: A, element: unknown) => A,
  initial: A,
  options: LogOptions = {},
): PromiseOrValue<A> {
  let accumulator = initial
  return chain(
    read(context, key, options, (element) => {
      accumulator = fn(accumulator, element)
    }),
    () => accumulator,
  )
}

function read(context: Context, key: Key, options: LogOptions, visit: (element: unknown) => void): PromiseOrValue<void> {
  return onKey(context, key, options, ({ name, call, backend }) =>
    chain(backend.read(name, call), (entry) => {
      const info = logOf(live(entry))
      if (info) return visitCells(info, options, visit, call, backend)
    }),
  )
}

function visitCells(
  info: LogInfo,
  { from, limit = Infinity, reverse = false }: LogOptions,
  visit: (element: unknown) => void,
  call: Call,
  backend: Backend,
): PromiseOrValue<void> {
  checkIndex('from', from)
  checkIndex('limit', limit)
  const first = from ?? (reverse ? info.count - 1 : 0)
  const low = reverse ? Math.max(0, Math.min(first, info.count - 1) - limit + 1) : first
  const high = reverse ? Math.min(first + 1, info.count) : Math.min(first + limit, info.count)
  let position = reverse ? high : low
  return repeat(() => {
    if (reverse ? position <= low : position >= high) return false
    call.signal?.throwIfAborted()
    const [start, end] = reverse ? [Math.max(low, position - PAGE), position] : [position, Math.min(high, position + PAGE)]
    return chain(cells(info, start, end, call, backend), (page) => {
      for (const cell of reverse ? page.reverse() : page) visit(cell.value)
      position = reverse ? start : end
      return true
    })
  })
}

/** The cells of the indices from `start` to before `end`, without those that do not belong. */
function cells(info: LogInfo, start: number, end: number, call: Call, backend: Backend): PromiseOrValue<Entry[]> {
  const last = Math.min(end, info.count - 1)
  return chain(cellNames(info, start, last + 1, call, backend), (names) => {
    const candidates = names.filter((name) => name.startsWith(cellName(info.id, last, '')))
    const known = last < end ? cellName(info.id, last, info.last) : candidates.length === 1 ? candidates[0] : undefined
    if (known === undefined && candidates.length > 0) {
      return chain(cells(info, start, end + 1, call, backend), (page) => page.slice(0, end - start))
    }
    return chain(backend.readMany(names, call), (found) => {
      const byName = new Map(names.map((name, i) => [name, found[i]]))
      const page: Entry[] = []
      let name = known
      for (let index = last; index >= start; index--) {
        const cell = name === undefined ? undefined : byName.get(name)
        if (cell === undefined) throw missing(index)
        if (index < end) page.push(cell)
        name = cellName(info.id, index - 1, String(cell.meta.own?.['previous']))
      }
      return page.reverse()
    })
  })
}

function cellNames(info: LogInfo, start: number, end: number, call: Call, backend: Backend): PromiseOrValue<Name[]> {
  const names: Name[] = []
  const stop = cellName(info.id, end, '')
  let after = cellName(info.id, start, '')
  const pages = repeat(() =>
    chain(backend.list({ prefix: cellPrefix(info.id), after, limit: end - start + 1 }, call), (page) => {
      names.push(...page.names.filter((name) => name < stop))
      if (page.next === undefined || page.next >= stop) return false
      after = page.next
      return true
    }),
  )
  return chain(pages, () => names)
}

function logOf(entry: Entry | undefined): LogInfo | undefined {
  if (entry === undefined) return undefined
  const { type, own } = entry.meta
  if (type !== 'log') throw new NotALogError('There is something else than a log under this key. Use another key, or delete it first.')
  const info = own?.log
  if (info && typeof info.id === 'string' && Number.isSafeInteger(info.count)) return info
  throw new CorruptEntryError('The head of this log does not say where its elements are.')
}

function checkIndex(name: string, value: number | undefined): void {
  if (value === undefined || value === Infinity || (Number.isInteger(value) && value >= 0)) return
  throw new TypeError(`${name} must be an integer from 0 up, got ${String(value)}.`)
}

function missing(index: number): ConflictError {
  return new ConflictError(`Element ${index} of this log is gone: the log was replaced while it was being read. Read it again.`)
}
