import type { EntryOp } from '../base/backend.ts'
import type { Key, Name } from '../base/entry.ts'
import { type PromiseOrValue, chain, repeat } from '../base/promise-or-value.ts'
import { type Context, named, run } from './context.ts'
import { fire, hasHooks } from './hooks.ts'
import { pageOfKeys } from './listing.ts'
import { live, newMeta } from './meta.ts'
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
  return run(context, options, (call, backend) => {
    const wanted = Array.from(keys, (key) => ({ key, ...named(context, key) }))
    return chain(
      backend.readMany(
        wanted.map(({ name }) => name),
        call,
      ),
      (entries) => {
        const found = new Map<Key, unknown>()
        for (const [i, { key, inner }] of wanted.entries()) {
          const value = valueOf(live(entries[i]), inner)
          if (value !== NOTHING) found.set(key, value)
        }
        return found
      },
    )
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

export function clear(context: Context, options?: WriteOptions & Pick<ListingOptions, 'prefix'>): PromiseOrValue<void> {
  return run(context, options, (call, backend) => {
    const cleared: Key[] = []
    let after: Name | undefined
    const pages = repeat(() =>
      chain(pageOfKeys(context, { prefix: options?.prefix }, after, undefined, call, backend), ({ items, next }) => {
        call.signal?.throwIfAborted()
        after = next
        const ops = items.map(({ name }): EntryOp => ({ delete: name }))
        return chain(backend.batch(ops, { atomic: false }, call), (answers) => {
          if (hasHooks(context))
            cleared.push(...items.filter((_, i) => answers[i]).map(({ key }) => context.scope.inner(key)))
          return after !== undefined
        })
      }),
    )
    return chain(pages, () => fireMany(context, 'clear', cleared))
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
  return run(context, options, (call, backend) => {
    const keys: Key[] = []
    const ops = Array.from(items, (item): EntryOp => {
      const each = toOp(item)
      const { name, inner } = named(context, 'set' in each ? each.set[0] : each.delete)
      keys.push(inner)
      return 'set' in each
        ? { write: [name, { meta: newMeta(inner, 'value', each), value: each.set[1] }] }
        : { delete: name }
    })
    return chain(backend.batch(ops, { atomic: options.atomic === true }, call), (answers) => {
      fireMany(
        context,
        op,
        keys.filter((_, i) => answers[i]),
      )
      return answers
    })
  })
}

function fireMany(context: Context, op: WriteOp, keys: readonly Key[]): void {
  if (keys.length > 0) fire(context, () => ({ op, keys }))
}
