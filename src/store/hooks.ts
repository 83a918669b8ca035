import type { Key, Meta } from '../base/entry.ts'
import { isPromise } from '../base/promise-or-value.ts'
import { type Context, Handle, type RegisteredHook } from './context.ts'
import { presentMeta } from './meta.ts'
import type { Scope } from './scope.ts'
import type { Segment, WriteEvent, WriteHook, WriteOp } from './types.ts'

/** A write as the store sees it, its keys the store's own. */
export interface Written {
  readonly op: WriteOp
  readonly key?: Key
  readonly keys?: readonly Key[]
  /** The segments behind the key. */
  readonly segments?: readonly Segment[]
  readonly oldValue?: unknown
  readonly value?: unknown
  readonly meta?: Meta | undefined
}

export function addWriteHook({ handle, scope }: Context, id: string, hook: WriteHook): void {
  handle.checkOpen()
  if (typeof hook !== 'function') throw new TypeError('A write hook is a function.')
  handle.hooks.set(id, { hook, scope })
}

export function removeWriteHook({ handle }: Context, id: string): boolean {
  return handle.hooks.delete(id)
}

/** Whether anybody listens, so that an event is worth making. */
export function hasHooks({ handle }: Context): boolean {
  for (const user of handle.engine.users) if (user instanceof Handle && user.hooks.size > 0) return true
  return false
}

/** Tell the hooks of all handles of the store. A hook of a scope hears of its own keys only, as it knows them. */
export function fire(context: Context, written: () => Written): void {
  if (!hasHooks(context)) return
  const event = written()
  for (const user of context.handle.engine.users) {
    if (!(user instanceof Handle)) continue
    for (const registered of user.hooks.values()) tell(registered, event, user.onError)
  }
}

function tell({ hook, scope }: RegisteredHook, written: Written, onError: (error: unknown) => void): void {
  const event = seenFrom(scope, written)
  if (event === undefined) return
  try {
    const answer = hook(event)
    if (isPromise(answer)) answer.then(undefined, onError)
  } catch (error) {
    onError(error)
  }
}

function seenFrom(scope: Scope, { op, key, keys, segments, meta, ...values }: Written): WriteEvent | undefined {
  if (keys) {
    const seen = keys.map((each) => scope.outer(each)).filter((each) => each !== undefined)
    return seen.length > 0 ? { op, keys: seen, ...values } : undefined
  }
  const seen = scope.outer(key!)
  if (seen === undefined) return undefined
  return {
    op,
    key: seen,
    ...(segments && { path: [seen, ...segments] }),
    ...values,
    ...(meta && { meta: presentMeta(meta, scope) }),
  }
}
