import type { Backend, Call } from '../base/backend.ts'
import type { Entry, Key, LogInfo, Name } from '../base/entry.ts'
import { ConflictError, CorruptEntryError, NotALogError } from '../base/errors.ts'
import { type PromiseOrValue, chain, repeat } from '../base/promise-or-value.ts'
import { clone } from '../codec/clone.ts'
import { cellName, cellPrefix, indexOfCell, randomId } from '../engine/parts.ts'
import { holdEntry, scanEntries } from '../engine/scan.ts'
import { type Context, onKey } from './context.ts'
import { fire } from './hooks.ts'
import { changedMeta, live } from './meta.ts'
import type { LogOptions, WriteOptions } from './types.ts'

/*
 * Logs: a head that says how many elements there are, and one cell an element. A cell's name has its index, so that any
 * range of a log is a range of names. It ends with a random write id, and every cell knows the id of the cell before it,
 * the head that of the last: what a crash or a lost race left at an index is told from what belongs there.
 */

const PAGE = 500

export function append(context: Context, key: Key, element: unknown, options?: WriteOptions): PromiseOrValue<void> {
  return onKey(context, key, options, ({ name, inner, call, backend }) => {
    const value = clone(element)
    const grow = (old: Entry | undefined): Entry => {
      const log = logOf(live(old)) ?? { id: randomId(), count: 0, last: '' }
      const last = randomId().slice(0, 8)
      const meta = changedMeta(live(old)?.meta, inner, 'log')
      const cell: Entry = {
        meta: { key: inner, type: 'log', lastWrite: meta.lastWrite, own: { previous: log.last } },
        value,
      }
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

function read(
  context: Context,
  key: Key,
  options: LogOptions,
  visit: (element: unknown) => void,
): PromiseOrValue<void> {
  return onKey(context, key, options, ({ name, call, backend }) =>
    holdEntry(backend, name, call, (entry) => {
      const { from, limit = Infinity, reverse = false } = options
      for (const number of [from ?? 0, limit]) {
        if (!(number >= 0 && (number === Infinity || Number.isInteger(number)))) {
          throw new TypeError(`from and limit must be integers from 0 up, got ${String(number)}.`)
        }
      }
      const info = logOf(live(entry))
      if (info === undefined) return
      const { count } = info
      const low = reverse ? Math.max(0, Math.min((from ?? count) + 1, count) - limit) : (from ?? 0)
      const high = Math.min(count, reverse ? (from ?? count) + 1 : low + limit)
      let done = 0
      return repeat(() => {
        call.signal?.throwIfAborted()
        const size = Math.min(PAGE, high - low - done)
        if (size <= 0) return false
        const start = reverse ? high - done - size : low + done
        return chain(cells(info, start, start + size, call, backend), (page) => {
          for (const cell of reverse ? page.reverse() : page) visit(cell.value)
          done += size
          return true
        })
      })
    }),
  )
}

/** The cells of the indices from `start` to before `end`, without what does not belong there. */
function cells(info: LogInfo, start: number, end: number, call: Call, backend: Backend): PromiseOrValue<Entry[]> {
  const prefix = cellPrefix(info.id)
  const stop = cellName(info.id, Math.min(end + 1, info.count), '')
  const found: [Name, Entry][] = []
  let after = cellName(info.id, start, '')
  const pages = repeat(() =>
    chain(scanEntries(backend, { prefix, after, limit: end - start + 1 }, call), ({ entries, next = stop }) => {
      found.push(...entries)
      after = next
      return after < stop
    }),
  )
  return chain(pages, () => {
    const byName = new Map(found)
    const writeIds = new Map<number, unknown>([[info.count - 1, info.last]])
    for (const [name, { meta }] of found) writeIds.set(indexOfCell(name, prefix) - 1, meta.own?.['previous'])
    return Array.from({ length: end - start }, (_, i) => {
      const cell = byName.get(cellName(info.id, start + i, String(writeIds.get(start + i))))
      if (cell) return cell
      throw new ConflictError(
        `Element ${start + i} of this log is gone: the log was replaced while it was being read. Read it again.`,
      )
    })
  })
}

function logOf(entry: Entry | undefined): LogInfo | undefined {
  if (entry === undefined) return undefined
  const { type, own } = entry.meta
  if (type !== 'log')
    throw new NotALogError('There is something else than a log under this key. Use another key, or delete it first.')
  const info = own?.log
  if (info && typeof info.id === 'string' && Number.isSafeInteger(info.count)) return info
  throw new CorruptEntryError('The head of this log does not say where its elements are.')
}
