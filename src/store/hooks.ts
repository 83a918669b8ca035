import type { Key, Meta } from '../base/entry.ts'
import { rescue } from '../base/promise-or-value.ts'
import { type Context, type Handle, checkOpen } from './context.ts'
import { presentMeta } from './meta.ts'
import type { Scope } from './scope.ts'
import type { Segment, WriteEvent, WriteHook, WriteOp } from './types.ts'

/** A write as the store sees it, its keys the store's own. */
export interface Written {
  readonly op: WriteOp
  readonly key?: Key
  readonly keys?: readonly Key[]
  /** The segments behind the key. */
  readonly segments?: readonly Segment[] | undefined
  readonly oldValue?: unknown
  readonly value?: unknown
  readonly meta?: Meta | undefined
}

export function addWriteHook({ handle, scope }: Context, id: string, hook: WriteHook): void {
  checkOpen(handle)
  if (typeof hook !== 'function') throw new TypeError('A write hook is a function.')
  handle.hooks.set(id, (written) => {
    const event = seenFrom(scope, written)
    if (event) void rescue(() => hook(event), handle.onError)
  })
}

export function removeWriteHook({ handle }: Context, id: string): boolean {
  return handle.hooks.delete(id)
}

/** The hooks of all handles of the store. A hook of a scope hears of its own keys only, as it knows them. */
export function listeners({ handle }: Context): ((written: Written) => void)[] {
  const found: ((written: Written) => void)[] = []
  for (const { hooks } of handle.engine.users as Iterable<Partial<Handle>>)
    if (hooks?.size) found.push(...hooks.values())
  return found
}

export function fire(context: Context, written: Written): void {
  for (const listener of listeners(context)) listener(written)
}

function seenFrom(scope: Scope, { op, key, keys, segments, meta, ...values }: Written): WriteEvent | undefined {
  if (keys) {
    const seen = keys.map(scope.outer).filter((each) => each !== undefined)
    return seen.length > 0 ? { op, keys: seen, ...values } : undefined
  }
  const seen = scope.outer(key)
  if (seen === undefined) return undefined
  return {
    op,
    key: seen,
    ...(segments && { path: [seen, ...segments] }),
    ...values,
    ...(meta && { meta: presentMeta(meta, scope) }),
  }
}
