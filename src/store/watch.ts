import type { Notice } from '../base/backend.ts'
import type { Key, Name } from '../base/entry.ts'
import { rescue } from '../base/promise-or-value.ts'
import { kindOf } from '../codec/kinds.ts'
import { type Context, checkOpen } from './context.ts'
import { isolateKey, keyToName, nameToKey } from './names.ts'
import { type Scope, startsWith, toPrefix } from './scope.ts'
import type { WatchEvent, WatchFilter, WatchOptions } from './types.ts'

export function watch(
  { handle, scope }: Context,
  filter: WatchFilter,
  listener: (event: WatchEvent) => unknown,
  { signal }: WatchOptions = {},
): () => void {
  checkOpen(handle)
  signal?.throwIfAborted()
  const sees = sightOf(scope, filter)
  if (typeof listener !== 'function') throw new TypeError('The listener of a watch is a function.')
  const stop = handle.engine.backend.watch((notice) => {
    const event = eventOf(notice, sees)
    if (event) void rescue(() => listener(event), handle.onError)
  })
  const end = (): void => {
    stop()
    handle.watches.delete(end)
    signal?.removeEventListener('abort', end)
  }
  handle.watches.add(end)
  signal?.addEventListener('abort', end)
  return end
}

/** The key of the view for the store's key, which is not always known, and its name; `undefined` for what is not watched. */
type Sight = (inner: Key | undefined, name: Name) => Key | undefined

function sightOf(scope: Scope, filter: WatchFilter): Sight {
  if (kindOf(filter) !== 'Object')
    throw new TypeError('What to watch is an object: { prefix }, { keys }, or {} for all.')
  const { prefix, keys } = filter
  if (keys === undefined) {
    const start = prefix === undefined ? prefix : toPrefix(prefix)
    scope.start(start)
    return (inner) => {
      const key = scope.outer(inner)
      return key !== undefined && (start === undefined || startsWith(key, start)) ? key : undefined
    }
  }
  if (prefix !== undefined) throw new TypeError('A watch takes a prefix or keys, not both.')
  if (typeof keys !== 'object' || typeof keys?.[Symbol.iterator] !== 'function') {
    throw new TypeError('The keys of a watch are an iterable of keys, such as an array.')
  }
  const wanted = new Map(Array.from(keys, (key) => [keyToName(scope.inner(key)), isolateKey(key)]))
  return (inner, name) => wanted.get(inner === undefined ? name : keyToName(inner))
}

function eventOf(notice: Notice, sees: Sight): WatchEvent | undefined {
  if (notice.type === 'resync') return { type: 'resync' }
  const { type, name, key: known } = notice
  const inner = known === undefined ? nameToKey(name) : known
  const key = sees(inner, name)
  if (key !== undefined) return { type, key: isolateKey(key) }
  // It went with the key that only its damaged metadata had: it may be one of those that are watched.
  return inner === undefined ? { type: 'resync' } : undefined
}
