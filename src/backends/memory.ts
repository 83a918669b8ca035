import {
  type Backend,
  type BaseConfig,
  type Call,
  type Capabilities,
  type Condition,
  type Notice,
  registerBackend,
} from '../base/backend.ts'
import { type Entry, type Name, type Serializer, type Version, isLive } from '../base/entry.ts'
import { storeExists, storeNotFound } from '../base/errors.ts'
import { isReserved } from '../base/name.ts'
import { checkVersion } from '../engine/condition.ts'
import { SortedNames } from '../engine/sorted-names.ts'
import { fields, oneOf, optional } from '../base/schema.ts'
import { copyAgain, freeze, partKeys } from '../codec/clone.ts'
import { cloneBy, platformClone } from '../codec/platform-clone.ts'
import { droppedParts } from '../engine/parts.ts'
import { type SerializerOption, checkSerializer, serializer } from './serializer.ts'
import { Watchers } from '../engine/watchers.ts'

export interface MemoryConfig extends SerializerOption {
  /**
   * How stored values are kept apart from the caller's: `clone` copies on every read, `freeze` gives out one frozen
   * copy without copying (values that cannot be frozen, such as a Map or bytes, are copied still). Default `clone`.
   */
  readonly isolation?: 'clone' | 'freeze' | undefined
}

declare module '../base/backend.ts' {
  interface BackendConfigs {
    memory: MemoryConfig
  }
}

interface Stored extends Entry {
  readonly version: Version
  readonly serializer: Serializer
  /** Deeply frozen, and so safe to give out as it is. */
  readonly frozen: boolean
  readonly name: Name
  /** It can be read by its key as well as by its name. */
  hasKey: boolean
  /** How to copy the value of one that can. */
  partKeys: readonly string[] | undefined
}

const capabilitiesOf = ({ serializer: kept }: MemoryConfig): Capabilities => ({
  sync: true,
  atomicUpdate: 'process',
  atomicBatch: Infinity,
  persistent: false,
  lock: 'process',
  watch: 'process',
  serializer: kept,
})

/** An entry, or nothing, to be put under a name whose entry is at this version. */
type Put = readonly [Name, (Entry | undefined)?, Condition['ifVersion']?]
type Open = (config: MemoryConfig) => Backend

/** The stores of this process by id; they stay until they are deleted. */
const stores = new Map<string, Open>()

registerBackend<BaseConfig & MemoryConfig>('memory', {
  schema: fields({ isolation: optional(oneOf('clone', 'freeze')), serializer }),
  refine: checkSerializer,
  capabilities: capabilitiesOf,
  locate: ({ id }) => id,
  exists: ({ id }) => stores.has(id),
  create(config, context) {
    const { id } = config
    const open = memoryStore()
    if (!context.private) {
      if (stores.has(id)) throw storeExists(id)
      stores.set(id, open)
    }
    return open(config)
  },
  open(config, context) {
    const open = stores.get(config.id)
    if (open && !context.private) return open(config)
    throw storeNotFound(config.id)
  },
  destroy({ id }, context) {
    if (!context.private) stores.delete(id)
  },
})

/** Entries as values in a Map: every call is done when it returns. */
function memoryStore(): Open {
  const entries = new Map<Name, Stored>()
  /** Values whose string keys were asked for, by these keys: their names need not be made again. */
  const byKey = new Map<string, Stored>()
  const names = new SortedNames(entries)
  const watchers = new Watchers()
  let writes = 0

  /** Put an entry in the place of another, or of none, or none; answers whether there is, or was, a live one. */
  const replace = (name: Name, stored?: Stored): boolean => {
    const old = entries.get(name)
    if (stored) entries.set(name, stored)
    else entries.delete(name)
    if (stored && !old) names.changed()
    if (old?.hasKey) replaceByKey(old, stored)
    for (const prefix of droppedParts(old?.meta, stored?.meta)) {
      for (const part of names.page({ prefix }).names) replace(part)
    }
    return stored !== undefined || (old !== undefined && isLive(old.meta))
  }

  const replaceByKey = ({ meta: { key } }: Stored, stored: Stored | undefined): void => {
    byKey.delete(key as string)
    if (stored) learn(key as string, stored.name)
  }

  const learn = (key: string, name: Name): void => {
    const stored = entries.get(name)
    if (!stored || stored.hasKey) return
    const { meta, value } = stored
    if (meta.type !== 'value' || meta.key !== key || value === undefined) return
    stored.hasKey = true
    stored.partKeys = partKeys(value)
    byKey.set(key, stored)
  }

  return (config) => {
    const { isolation, serializer: kept = 'cbor' } = config
    const freezes = isolation === 'freeze'
    const capabilities = capabilitiesOf(config)

    const read = (name: Name): Entry | undefined => {
      const stored = entries.get(name)
      if (stored === undefined) return undefined
      const { meta, version, serializer: written } = stored
      return { meta, value: shared(stored), version, serializer: written }
    }

    /** The value for a reader. */
    const shared = ({ value, frozen, serializer: written, partKeys: keys }: Stored): unknown => {
      if (frozen && freezes) return value
      return written === 'cbor' ? copyAgain(value, keys) : platformClone(value)
    }

    const isolate = (name: Name, { meta, value }: Entry, { gives }: Call): Stored => {
      const copy = gives ? value : cloneBy(kept)(value)
      const frozen = freezes && freeze(copy)
      return {
        meta,
        value: copy,
        version: String(++writes),
        serializer: kept,
        frozen,
        name,
        hasKey: false,
        partKeys: undefined,
      }
    }

    /** Nothing is touched before everything is checked and copied. */
    const apply = (changes: readonly Put[], call: Call): boolean[] => {
      const notices: Notice[] = []
      const answers = changes
        .map(([name, entry, ifVersion]) => {
          if (ifVersion !== undefined) checkVersion(name, entries.get(name)?.version, { ifVersion })
          return [name, entry && isolate(name, entry, call)] as const
        })
        .map(([name, stored]) => {
          const { key } = (stored ?? entries.get(name))?.meta ?? {}
          const answer = replace(name, stored)
          if (answer && watchers.size > 0 && !isReserved(name))
            notices.push({ type: stored ? 'set' : 'delete', name, key })
          return answer
        })
      watchers.tell(notices)
      return answers
    }

    return {
      capabilities,
      read,
      readMeta: (name) => entries.get(name)?.meta,
      readMany: (all) => all.map(read),
      peek(key, allows) {
        const stored = byKey.get(key)
        if (stored === undefined || !isLive(stored.meta)) return undefined
        return allows === undefined || allows(stored.name, stored.meta) ? shared(stored) : undefined
      },
      learn,
      write(name, entry, { ifVersion }, call) {
        apply([[name, entry, ifVersion]], call)
        return entries.get(name)!.version
      },
      delete: (name, { ifVersion }, call) => apply([[name, undefined, ifVersion]], call)[0]!,
      update(name, fn, call) {
        const old = read(name)
        const next = fn(old)
        if (next !== old) apply([...(next?.parts ?? []), [name, next]], call)
        return [old, next]
      },
      batch: (ops, _, call) =>
        apply(
          ops.map((op) => ('write' in op ? [...op.write, op.ifVersion] : [op.delete, undefined, op.ifVersion])),
          call,
        ),
      list: (options) => names.page(options),
      scan(options) {
        const page = names.page(options)
        return { entries: page.names.map((name) => [name, read(name)!]), next: page.next }
      },
      watch: (watcher) => watchers.add(watcher),
      flush() {},
      close() {},
    }
  }
}
