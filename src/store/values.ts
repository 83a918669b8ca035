import type { Backend, Call } from '../base/backend.ts'
import { type Entry, type Key, type Meta, type Name, isLive } from '../base/entry.ts'
import { CorruptEntryError, InvalidPathError, NotAValueError } from '../base/errors.ts'
import { type PromiseOrValue, chain, isPromise } from '../base/promise-or-value.ts'
import { clone } from '../codec/clone.ts'
import { type Context, about, nameIn, run, whileUpdating } from './context.ts'
import { fire } from './hooks.ts'
import { changedMeta, live, newMeta, presentMeta } from './meta.ts'
import { sameKey } from './names.ts'
import { NOTHING, deleteAt, getAt, updateAt } from './paths.ts'
import type { CallOptions, EntryMeta, GetOptions, Segment, SetOptions, UpdateOptions, WriteOp, WriteOptions } from './types.ts'

/*
 * The calls on one key that deal in whole values: get, has, getMeta, set, update, delete, and their `In` forms.
 */

export function get(context: Context, key: Key, options?: GetOptions): PromiseOrValue<unknown> {
  return run(context, options, (call, backend) =>
    about(key, () =>
      chain(backend.read(nameIn(context, key), call), (entry) => {
        const found = live(entry)
        return found ? valueOf(found, context.scope.inner(key)) : options?.default
      }),
    ),
  )
}

export function has(context: Context, key: Key, options?: CallOptions): PromiseOrValue<boolean> {
  return run(context, options, (call, backend) =>
    about(key, () => chain(backend.readMeta(nameIn(context, key), call), (meta) => meta !== undefined && isLive(meta))),
  )
}

export function getMeta(context: Context, key: Key, options?: CallOptions): PromiseOrValue<EntryMeta | undefined> {
  return run(context, options, (call, backend) =>
    about(key, () =>
      chain(backend.readMeta(nameIn(context, key), call), (meta) => {
        if (meta === undefined || !isLive(meta)) return undefined
        checkKey(meta, context.scope.inner(key))
        return presentMeta(meta, context.scope)
      }),
    ),
  )
}

export function set(context: Context, key: Key, value: unknown, options?: SetOptions): PromiseOrValue<void> {
  return run(context, options, (call, backend) =>
    about(key, () => {
      const name = nameIn(context, key)
      const inner = context.scope.inner(key)
      const meta = newMeta(inner, 'value', options)
      return chain(backend.write(name, { meta, value }, {}, call), () =>
        fire(context, () => ({ op: 'set', key: inner, value, meta })),
      )
    }),
  )
}

export function remove(context: Context, key: Key, options?: WriteOptions): PromiseOrValue<boolean> {
  return run(context, options, (call, backend) =>
    about(key, () =>
      chain(backend.delete(nameIn(context, key), {}, call), (deleted) => {
        if (deleted) fire(context, () => ({ op: 'delete', key: context.scope.inner(key) }))
        return deleted
      }),
    ),
  )
}

export function getIn(context: Context, path: readonly [Key, ...Segment[]], options?: GetOptions): PromiseOrValue<unknown> {
  return run(context, options, (call, backend) => {
    const [key, ...segments] = checkPath(path)
    return about(key, () =>
      chain(backend.read(nameIn(context, key), call), (entry) => {
        const found = live(entry)
        const value = found ? getAt(valueOf(found, context.scope.inner(key)), segments) : NOTHING
        return value === NOTHING ? options?.default : value
      }),
    )
  })
}

export function update(
  context: Context,
  op: 'update' | 'updateIn',
  path: readonly [Key, ...Segment[]],
  fn: (old: unknown) => unknown,
  options?: UpdateOptions,
): PromiseOrValue<[unknown, unknown]> {
  const next = (old: unknown): unknown => {
    const value = fn(old)
    if (!isPromise(value)) return value
    value.then(undefined, () => undefined)
    throw new TypeError(
      'An update function must be synchronous: it returned a promise. Await what it needs before the update, or use withLock with get and set.',
    )
  }
  return change(context, op, path, options, () => (old, segments) => updateAt(old, segments, next))
}

export function setIn(
  context: Context,
  path: readonly [Key, ...Segment[]],
  value: unknown,
  options?: UpdateOptions,
): PromiseOrValue<[unknown, unknown]> {
  return change(context, 'setIn', path, options, () => {
    const isolated = clone(value)
    return (old, segments) => updateAt(old, segments, () => isolated)
  })
}

export function deleteIn(
  context: Context,
  path: readonly [Key, ...Segment[]],
  options?: WriteOptions,
): PromiseOrValue<[unknown, unknown]> {
  return change(context, 'deleteIn', path, options, () => (old, segments) => (segments.length === 0 ? NOTHING : deleteAt(old, segments)))
}

/** The value of an entry that `get` may give out. */
export function valueOf(entry: Entry, key: Key): unknown {
  checkKey(entry.meta, key)
  if (entry.meta.type === 'log') throw notAValue(key)
  return entry.value
}

/** Names are unique to their keys; where the metadata holds another key all the same, the entry is not what was asked for. */
function checkKey(meta: Meta, key: Key): void {
  if (meta.key === key || sameKey(meta.key, key)) return
  throw new CorruptEntryError('The entry under this key says that it belongs to another key.', { key })
}

type Compute = (old: unknown, segments: readonly Segment[]) => unknown

/** What all read-modify-writes of a value have in common. `compute` gets and gives `NOTHING` for a missing value. */
function change(
  context: Context,
  op: WriteOp & ('update' | 'updateIn' | 'setIn' | 'deleteIn'),
  path: readonly [Key, ...Segment[]],
  options: UpdateOptions | undefined,
  prepare: () => Compute,
): PromiseOrValue<[unknown, unknown]> {
  return run(context, options, (call, backend) => {
    const [key, ...segments] = checkPath(path)
    return about(key, () => {
      const name = nameIn(context, key)
      const inner = context.scope.inner(key)
      const compute = prepare()
      const step = (old: Entry | undefined): Entry | undefined => {
        const before = live(old)
        const value = before ? valueOf(before, inner) : NOTHING
        const next = compute(value, segments)
        if (next === NOTHING) return undefined
        if (before && op === 'deleteIn' && next === value) return old
        return { meta: changedMeta(before?.meta, inner, 'value', options?.meta), value: next }
      }
      return apply(context, backend, name, step, call, (before, after) => {
        fire(context, () => ({
          op,
          key: inner,
          ...(op !== 'update' && { segments }),
          oldValue: before?.value,
          value: after?.value,
          ...(after && { meta: after.meta }),
        }))
      })
    })
  })
}

function apply(
  context: Context,
  backend: Backend,
  name: Name,
  step: (old: Entry | undefined) => Entry | undefined,
  call: Call,
  changed: (before: Entry | undefined, after: Entry | undefined) => void,
): PromiseOrValue<[unknown, unknown]> {
  const guarded = (old: Entry | undefined): Entry | undefined => whileUpdating(context, name, () => step(old))
  return chain(backend.update(name, guarded, call), ([old, next]) => {
    const before = live(old)
    if (next !== old && (before || next)) changed(before, next)
    return [before?.value, next?.value]
  })
}

function checkPath(path: unknown): [Key, ...Segment[]] {
  if (Array.isArray(path) && path.length > 0) return path as unknown as [Key, ...Segment[]]
  throw new InvalidPathError('A path is an array that starts with the key: [key, ...segments].')
}

function notAValue(key: Key): NotAValueError {
  return new NotAValueError('There is a log under this key, not a value. Read it with log or reduceLog.', { key })
}
