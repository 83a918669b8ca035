import type { Backend, Call } from '../base/backend.ts'
import type { Entry, Key, LogInfo, Name } from '../base/entry.ts'
import { ConflictError, CorruptEntryError, NotALogError } from '../base/errors.ts'
import { type PromiseOrValue, chain, repeat } from '../base/promise-or-value.ts'
import { cloneBy } from '../codec/platform-clone.ts'
import { cellName, cellPrefix, randomId } from '../engine/parts.ts'
import { holdEntry, scanEntries } from '../engine/scan.ts'
import { type Context, checkCount, onKey } from './context.ts'
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
  return onKey(context, key, options, (backend, call, name, inner) => {
    const value = cloneBy(backend.capabilities.serializer)(element)
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
      fire(context, { op: 'append', key: inner, value, meta: next!.meta }),
    )
  })
}

export function log(context: Context, key: Key, options?: LogOptions): PromiseOrValue<unknown[]> {
  const push = (elements: unknown[], element: unknown): unknown[] => {
    elements.push(element)
    return elements
  }
  return reduceLog(context, key, push, [], options)
}

export function reduceLog<A>(
  context: Context,
  key: Key,
  fn: (accumulator: A, element: unknown) => A,
  initial: A,
  options: LogOptions = {},
): PromiseOrValue<A> {
  return onKey(context, key, options, (backend, call, name) =>
    holdEntry(backend, name, call, (entry) => {
      const { reverse, limit = Infinity } = options
      const info = logOf(live(entry))
      const count = info?.count ?? 0
      const { from = reverse ? count : 0 } = options
      checkCount('from', from)
      checkCount('limit', limit)
      // What is left to read.
      let start = reverse ? Math.max(0, Math.min(from + 1, count) - limit) : from
      let end = Math.min(count, reverse ? from + 1 : from + limit)
      let accumulator = initial
      const pages = repeat(() => {
        call.signal?.throwIfAborted()
        const size = Math.min(PAGE, end - start)
        if (size <= 0) return false
        const low = reverse ? end - size : start
        return chain(cells(info!, low, low + size, backend, call), (page) => {
          for (const { value } of reverse ? page : page.reverse()) accumulator = fn(accumulator, value)
          if (reverse) end = low
          else start += size
          return true
        })
      })
      return chain(pages, () => accumulator)
    }),
  )
}

/** The cells of the indices from before `end` down to `start`, without what does not belong there. */
function cells(
  { id, last }: LogInfo,
  start: number,
  end: number,
  backend: Backend,
  call: Call,
): PromiseOrValue<Entry[]> {
  const beyond = cellName(id, end, '')
  const stop = cellName(id, end + 1, '')
  const found: [Name, Entry][] = []
  let after = cellName(id, start, '')
  const pages = repeat(() =>
    chain(
      scanEntries(backend, { prefix: cellPrefix(id), after, limit: end - start + 1 }, call),
      ({ entries, next = stop }) => {
        found.push(...entries)
        after = next
        return after < stop
      },
    ),
  )
  return chain(pages, () => {
    const page: Entry[] = []
    let writeId: unknown = last
    for (const [name, cell] of found.reverse()) {
      // Several cells may be at one index, one of them the log's; each of them knows the one before.
      if (name === cellName(id, end - 1 - page.length, String(writeId))) page.push(cell)
      else if (!name.startsWith(beyond)) continue
      writeId = cell.meta.own?.['previous']
    }
    if (page.length === end - start) return page
    throw new ConflictError('This log was replaced while it was read. Read it again.')
  })
}

function logOf(entry: Entry | undefined): LogInfo | undefined {
  if (entry === undefined) return undefined
  const { type, own } = entry.meta
  if (type !== 'log') throw new NotALogError('This is no log. Use another key, or delete it first.')
  const info = own?.log
  if (info && typeof info.id === 'string' && Number.isSafeInteger(info.count)) return info
  throw new CorruptEntryError('The log does not say where its cells are.')
}
