import type { EntryOp } from '../base/backend.ts'
import type { Key, Name } from '../base/entry.ts'
import { type PromiseOrValue, chain, repeat } from '../base/promise-or-value.ts'
import { type Context, nameAndKey, run } from './context.ts'
import { fire, listeners } from './hooks.ts'
import { findKeys, pageOf } from './listing.ts'
import { newMeta } from './meta.ts'
import { NOTHING } from './paths.ts'
import type {
  AnySchema,
  BatchOp,
  BatchOptions,
  CallOptions,
  ListingOptions,
  SetManyOptions,
  WriteOp,
  WriteOptions,
} from './types.ts'
import { valueOf } from './values.ts'

/*
 * The calls on many keys at once: getMany, setMany, deleteMany, batch, clear.
 */

export function getMany(
  context: Context,
  keys: Iterable<Key>,
  options?: CallOptions,
): PromiseOrValue<Map<Key, unknown>> {
  return run(context, options, (backend, call) => {
    const asked = Array.from(keys, (key) => [key, ...nameAndKey(context, key)] as const)
    const names = asked.map(([, name]) => name)
    return chain(backend.readMany(names, call), (entries) => {
      const found = new Map<Key, unknown>()
      entries.forEach((entry, i) => {
        const [key, , inner] = asked[i]!
        const value = valueOf(entry, inner)
        if (value !== NOTHING) found.set(key, value)
      })
      return found
    })
  })
}

export function setMany(
  context: Context,
  entries: Iterable<readonly [Key, unknown]>,
  options: SetManyOptions<Key> = {},
): PromiseOrValue<void> {
  const { meta, metaOf = () => meta, ttl } = options
  const toOp = ([key, value]: readonly [Key, unknown]): BatchOp<AnySchema> => ({
    set: [key, value],
    meta: metaOf(key),
    ttl,
  })
  return chain(writeMany(context, 'setMany', entries, toOp, options), () => undefined)
}

export function deleteMany(
  context: Context,
  keys: Iterable<Key>,
  options?: WriteOptions,
): PromiseOrValue<Map<Key, boolean>> {
  const wanted = [...keys]
  return chain(
    writeMany(context, 'deleteMany', wanted, (key) => ({ delete: key }), options),
    (answers) => new Map(wanted.map((key, i) => [key, answers[i]!])),
  )
}

export function batch(
  context: Context,
  ops: Iterable<BatchOp<AnySchema>>,
  options?: BatchOptions,
): PromiseOrValue<void> {
  return chain(
    writeMany(context, 'batch', ops, (op) => op, options),
    () => undefined,
  )
}

/** Entries that one batch of `clear` deletes; engines read them for that. */
const CLEARED_AT_ONCE = 500

export function clear(context: Context, options?: WriteOptions & Pick<ListingOptions, 'prefix'>): PromiseOrValue<void> {
  return run(context, options, (backend, call) => {
    const cleared: Key[] = []
    let after: Name | undefined
    const pages = repeat(() =>
      chain(
        pageOf(findKeys, context, { prefix: options?.prefix }, after, CLEARED_AT_ONCE, backend, call),
        ({ keys, next }) => {
          call.signal?.throwIfAborted()
          after = next
          const found = keys.map((key) => nameAndKey(context, key))
          const ops = found.map(([name]): EntryOp => ({ delete: name }))
          return chain(backend.batch(ops, { atomic: false, ordered: false }, call), (answers) => {
            if (listeners(context).length > 0)
              cleared.push(...found.filter((_, i) => answers[i]).map(([, inner]) => inner))
            return after !== undefined
          })
        },
      ),
    )
    return chain(pages, () => fire(context, { op: 'clear', keys: cleared }))
  })
}

/** One batch of the ops that `items` stand for; answers what the backend does, one a piece. */
function writeMany<T>(
  context: Context,
  op: WriteOp,
  items: Iterable<T>,
  toOp: (item: T) => BatchOp<AnySchema>,
  options: BatchOptions = {},
): PromiseOrValue<boolean[]> {
  return run(context, options, (backend, call) => {
    const keys: Key[] = []
    const ops = Array.from(items, (item): EntryOp => {
      const each = toOp(item)
      const [name, inner] = nameAndKey(context, 'set' in each ? each.set[0] : each.delete)
      keys.push(inner)
      return 'set' in each
        ? { write: [name, { meta: newMeta(inner, 'value', each), value: each.set[1] }] }
        : { delete: name }
    })
    // Only a batch promises an order.
    const apply = { atomic: options.atomic === true, ordered: op === 'batch' }
    return chain(backend.batch(ops, apply, call), (answers) => {
      fire(context, { op, keys: keys.filter((_, i) => answers[i]) })
      return answers
    })
  })
}
