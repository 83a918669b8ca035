import type { EntryOp } from '../base/backend.ts'
import type { Key, Name } from '../base/entry.ts'
import { type PromiseOrValue, chain, repeat } from '../base/promise-or-value.ts'
import { type Context, about, nameIn, run } from './context.ts'
import { fire, hasHooks } from './hooks.ts'
import { pageOfKeys } from './listing.ts'
import { live, newMeta } from './meta.ts'
import type { BatchOp, BatchOptions, CallOptions, ListingOptions, SetManyOptions, WriteOptions } from './types.ts'
import { valueOf } from './values.ts'

/*
 * The calls on many keys at once: getMany, setMany, deleteMany, batch, clear.
 */

export function getMany(context: Context, keys: Iterable<Key>, options?: CallOptions): PromiseOrValue<Map<Key, unknown>> {
  return run(context, options, (call, backend) => {
    const wanted = [...keys]
    const names = wanted.map((key) => named(context, key))
    return chain(backend.readMany(names, call), (entries) => {
      const found = new Map<Key, unknown>()
      for (const [i, key] of wanted.entries()) {
        const entry = live(entries[i])
        if (entry) found.set(key, valueOf(entry, context.scope.inner(key)))
      }
      return found
    })
  })
}

export function setMany(
  context: Context,
  entries: Iterable<readonly [Key, unknown]>,
  options?: SetManyOptions<Key>,
): PromiseOrValue<void> {
  return run(context, options, (call, backend) => {
    const written: Key[] = []
    const ops = Array.from(entries, ([key, value]): EntryOp => {
      const meta = options?.metaOf ? options.metaOf(key) : options?.meta
      const inner = context.scope.inner(key)
      written.push(inner)
      return { write: [named(context, key), { meta: newMeta(inner, 'value', { meta, ttl: options?.ttl }), value }] }
    })
    if (ops.length === 0) return
    return chain(backend.batch(ops, { atomic: false }, call), () => fire(context, () => ({ op: 'setMany', keys: written })))
  })
}

export function deleteMany(context: Context, keys: Iterable<Key>, options?: WriteOptions): PromiseOrValue<Map<Key, boolean>> {
  return run(context, options, (call, backend) => {
    const wanted = [...keys]
    const ops = wanted.map((key): EntryOp => ({ delete: named(context, key) }))
    if (ops.length === 0) return new Map()
    return chain(backend.batch(ops, { atomic: false }, call), (answers) => {
      const deleted = wanted.filter((_, i) => answers[i])
      if (deleted.length > 0) fire(context, () => ({ op: 'deleteMany', keys: deleted.map(context.scope.inner) }))
      return new Map(wanted.map((key, i) => [key, answers[i]!]))
    })
  })
}

export function batch(context: Context, ops: Iterable<BatchOp<unknown>>, options?: BatchOptions): PromiseOrValue<void> {
  return run(context, options, (call, backend) => {
    const keys: Key[] = []
    const prepared = Array.from(ops as Iterable<BatchOp<Record<string, unknown>>>, (op): EntryOp => {
      const key = 'set' in op ? op.set[0] : op.delete
      const inner = context.scope.inner(key)
      const name = named(context, key)
      keys.push(inner)
      return 'set' in op ? { write: [name, { meta: newMeta(inner, 'value', op), value: op.set[1] }] } : { delete: name }
    })
    if (prepared.length === 0) return
    return chain(backend.batch(prepared, { atomic: options?.atomic === true }, call), (answers) => {
      const changed = keys.filter((_, i) => answers[i])
      if (changed.length > 0) fire(context, () => ({ op: 'batch', keys: changed }))
    })
  })
}

export function clear(context: Context, options?: WriteOptions & Pick<ListingOptions, 'prefix'>): PromiseOrValue<void> {
  return run(context, options, (call, backend) => {
    const cleared: Key[] = []
    let after: Name | undefined
    const pages = repeat(() =>
      chain(pageOfKeys(context, { prefix: options?.prefix }, after, undefined, call, backend), (page) => {
        call.signal?.throwIfAborted()
        after = page.next
        const ops = page.items.map(({ name }): EntryOp => ({ delete: name }))
        const deleted = ops.length > 0 ? backend.batch(ops, { atomic: false }, call) : []
        return chain(deleted, (answers) => {
          if (hasHooks(context)) cleared.push(...page.items.filter((_, i) => answers[i]).map(({ key }) => context.scope.inner(key)))
          return after !== undefined
        })
      }),
    )
    return chain(pages, () => {
      if (cleared.length > 0) fire(context, () => ({ op: 'clear', keys: cleared }))
    })
  })
}

function named(context: Context, key: Key): Name {
  return about(key, () => nameIn(context, key)) as Name
}
