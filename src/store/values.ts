import type { Backend, Call, Pair } from '../base/backend.ts'
import { type Entry, type Key, type Meta, type Name, isLive } from '../base/entry.ts'
import { CorruptEntryError, InvalidPathError, NotAValueError } from '../base/errors.ts'
import { type PromiseOrValue, isPromise } from '../base/promise-or-value.ts'
import { cloneBy } from '../codec/platform-clone.ts'
import { type Context, type KeyCall, learn, onKey, run, whileUpdating } from './context.ts'
import { fire } from './hooks.ts'
import { changedMeta, live, newMeta, presentMeta } from './meta.ts'
import { sameKey } from './names.ts'
import { NOTHING, changeAt, getAt } from './paths.ts'
import type {
  CallOptions,
  EntryMeta,
  GetOptions,
  Path,
  Segment,
  SetOptions,
  UpdateOptions,
  WriteOptions,
} from './types.ts'

/*
 * The calls on one key that deal in whole values: get, has, getMeta, set, update, delete, and their `In` forms.
 */

const read = (backend: Backend, call: Call, name: Name): PromiseOrValue<Entry | undefined> => backend.read(name, call)
const readMeta = (backend: Backend, call: Call, name: Name): PromiseOrValue<Meta | undefined> =>
  backend.readMeta(name, call)

export function get(context: Context, key: Key, options?: GetOptions): PromiseOrValue<unknown> {
  const answer = (entry: Entry | undefined, inner: Key): unknown => {
    const value = valueOf(entry, inner)
    if (value === NOTHING) return options?.default
    learn(context, inner)
    return value
  }
  return onKey(context, key, options, read, answer)
}

export function has(context: Context, key: Key, options?: CallOptions): PromiseOrValue<boolean> {
  const isThere = (meta: Meta | undefined): boolean => meta !== undefined && isLive(meta)
  return onKey(context, key, options, readMeta, isThere)
}

export function getMeta(context: Context, key: Key, options?: CallOptions): PromiseOrValue<EntryMeta | undefined> {
  const answer = (meta: Meta | undefined, inner: Key): EntryMeta | undefined =>
    meta && isLive(meta) ? presentMeta(checked(meta, inner), context.scope) : undefined
  return onKey(context, key, options, readMeta, answer)
}

export function set(context: Context, key: Key, value: unknown, options?: SetOptions): PromiseOrValue<void> {
  let meta: Meta
  const write = (...[backend, call, name, inner]: KeyCall): PromiseOrValue<unknown> => {
    meta = newMeta(inner, 'value', options)
    return backend.write(name, { meta, value }, {}, call)
  }
  return onKey(context, key, options, write, (_, inner) => fire(context, { op: 'set', key: inner, value, meta }))
}

export function remove(context: Context, key: Key, options?: WriteOptions): PromiseOrValue<boolean> {
  const told = (deleted: boolean, inner: Key): boolean => {
    if (deleted) fire(context, { op: 'delete', key: inner })
    return deleted
  }
  return onKey(context, key, options, (backend, call, name) => backend.delete(name, {}, call), told)
}

export function getIn(context: Context, path: Path<Key>, options?: GetOptions): PromiseOrValue<unknown> {
  const answer = (entry: Entry | undefined, segments: readonly Segment[], inner: Key): unknown => {
    const value = getAt(valueOf(entry, inner), segments)
    return value === NOTHING ? options?.default : value
  }
  return onPath(context, path, options, (_, backend, call, name) => backend.read(name, call), answer)
}

export function update(
  context: Context,
  key: Key,
  fn: (old: unknown) => unknown,
  options?: UpdateOptions,
): PromiseOrValue<[unknown, unknown]> {
  return change(context, 'update', [key], fn, options)
}

export function updateIn(
  context: Context,
  path: Path<Key>,
  fn: (old: unknown) => unknown,
  options?: UpdateOptions,
): PromiseOrValue<[unknown, unknown]> {
  return change(context, 'updateIn', path, fn, options)
}

export function setIn(
  context: Context,
  path: Path<Key>,
  value: unknown,
  options?: UpdateOptions,
): PromiseOrValue<[unknown, unknown]> {
  return change(context, 'setIn', path, undefined, options, value)
}

export function deleteIn(
  context: Context,
  path: Path<Key>,
  options?: WriteOptions,
): PromiseOrValue<[unknown, unknown]> {
  return change(context, 'deleteIn', path, undefined, options)
}

/** The value of an entry that `get` may give out, `NOTHING` of none. */
export function valueOf(entry: Entry | undefined, key: Key): unknown {
  if (!entry || !isLive(entry.meta)) return NOTHING
  if (checked(entry.meta, key).type !== 'log') return entry.value
  throw new NotAValueError('This is a log. Read it with log or reduceLog.', { key })
}

/** Names are unique to their keys; where the metadata holds another key all the same, the entry is not what was asked for. */
function checked(meta: Meta, key: Key): Meta {
  if (meta.key === key || sameKey(meta.key, key)) return meta
  throw new CorruptEntryError('The entry is corrupt: it says that its key is another one.', { key })
}

/** What all read-modify-writes of a value have in common. The new value is what `fn` answers, or a copy of `given`. */
function change(
  context: Context,
  op: 'update' | 'updateIn' | 'setIn' | 'deleteIn',
  path: Path<Key>,
  fn: ((old: unknown) => unknown) | undefined,
  options?: UpdateOptions,
  given?: unknown,
): PromiseOrValue<[unknown, unknown]> {
  const write = (segments: readonly Segment[], ...[backend, call, name, inner]: KeyCall): PromiseOrValue<Pair> => {
    const isolated = cloneBy(backend.capabilities.serializer)(given)
    const deletes = op === 'deleteIn'
    const compute = (old: unknown): unknown => {
      const value = op === 'setIn' ? isolated : fn!(old)
      if (!isPromise(value)) return value
      value.then(undefined, () => undefined)
      throw new TypeError(
        'An update function must answer at once, not with a promise. Await before the update, or use withLock.',
      )
    }
    const step = (old: Entry | undefined): Entry | undefined => {
      const value = valueOf(old, inner)
      const next = changeAt(value, segments, deletes ? undefined : compute)
      if (next === value && deletes) return old
      return next === NOTHING
        ? undefined
        : { meta: changedMeta(live(old)?.meta, inner, 'value', options?.meta), value: next }
    }
    return backend.update(name, (old) => whileUpdating(context, name, () => step(old)), call)
  }
  const told = ([old, next]: Pair, segments: readonly Segment[], inner: Key): [unknown, unknown] => {
    const oldValue = live(old)?.value
    const value = live(next)?.value
    if (next !== old) {
      fire(context, {
        op,
        key: inner,
        segments: op === 'update' ? undefined : segments,
        oldValue,
        value,
        meta: next?.meta,
      })
    }
    return [oldValue, value]
  }
  return onPath(context, path, options, write, told)
}

/** `onKey` for a call on a path, with what is behind its key. */
function onPath<T, R>(
  context: Context,
  path: Path<Key>,
  options: WriteOptions | undefined,
  body: (segments: readonly Segment[], ...keyCall: KeyCall) => PromiseOrValue<T>,
  map: (answer: T, segments: readonly Segment[], inner: Key) => R,
): PromiseOrValue<R> {
  if (Array.isArray(path) && path.length > 0) {
    const segments = path.slice(1)
    const onName = (...keyCall: KeyCall): PromiseOrValue<T> => body(segments, ...keyCall)
    return onKey(context, path[0], options, onName, (answer, inner) => map(answer, segments, inner))
  }
  return run(context, options, () => {
    throw new InvalidPathError('A path is an array: [key, ...segments].')
  })
}
