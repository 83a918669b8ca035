import type { Backend, Call, ListOptions } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { isReserved } from '../base/name.ts'
import { chain } from '../base/promise-or-value.ts'
import { fromBase32Hex, toBase32Hex } from '../codec/base32hex.ts'
import { joinBytes, utf8Decoder, utf8Encoder } from '../codec/cbor-text.ts'
import { sha512 } from '../codec/sha512.ts'
import type { Transforms } from '../codec/transforms.ts'

/**
 * A backend under which names are secret: `backend` sees each as "s" and the base32hex of its AES-SIV (RFC 5297), which is
 * the same each time. What stands in order there is therefore in no order here, and a prefix only filters. Our own names,
 * of the parts of entries, stay as they are: they are random.
 *
 * A name too long for that is sealed as its SHA-512. It is listed as one that is not known, so that its key is read from
 * the metadata, as that of every long name is.
 */
export function sealedNames(backend: Backend, key: Uint8Array, { sealName, openName }: Transforms): Backend {
  const seal = (name: Name): Name => {
    if (isReserved(name)) return name
    if (name.startsWith(UNKNOWN)) return name.slice(UNKNOWN.length)
    const text = utf8Encoder.encode(name)
    const isWhole = text.length <= MAX_BYTES
    const plain = joinBytes([Uint8Array.of(isWhole ? WHOLE : HASHED), isWhole ? text : sha512(text)])
    return `s${toBase32Hex(sealName(key, plain))}`
  }

  /** None for what was not sealed with this key, and so is not ours. */
  const open = (sealed: Name): Name[] => {
    const bytes = fromBase32Hex(sealed.slice(1))
    const plain = bytes && openName(key, bytes)
    if (!plain) return []
    return [plain[0] === WHOLE ? utf8Decoder.decode(plain.subarray(1)) : UNKNOWN + sealed]
  }

  const nextOf = (next: Name | undefined): Name | undefined => next && (isReserved(next) ? next : UNKNOWN + next)

  const page = <T>(
    options: ListOptions,
    list: (range: ListOptions) => T,
  ): { readonly range: T; readonly shown: (sealed: Name) => Name[] } => {
    const { prefix = '', after, onNext } = options
    if (isReserved(prefix)) return { range: list(options), shown: (name) => [name] }
    return {
      range: list({
        ...options,
        prefix: '',
        after: after === undefined ? after : seal(after),
        onNext: onNext && ((next) => onNext(nextOf(next))),
      }),
      shown: (sealed) => open(sealed).filter((name) => name.startsWith(prefix) || name.startsWith(UNKNOWN)),
    }
  }

  const { hold, scan, readStream, writeStream } = backend
  return {
    ...backend,
    read: (name, call) => backend.read(seal(name), call),
    readMeta: (name, call) => backend.readMeta(seal(name), call),
    readMany: (names, call) => backend.readMany(names.map(seal), call),
    ...(hold && { hold: (name, call, use) => hold(seal(name), call, use) }),
    write: (name, entry, condition, call) => backend.write(seal(name), entry, condition, call),
    delete: (name, condition, call) => backend.delete(seal(name), condition, call),
    update: (name, fn, call) => backend.update(seal(name), fn, call),
    batch: (ops, options, call) =>
      backend.batch(
        ops.map((op) =>
          'write' in op ? { ...op, write: [seal(op.write[0]), op.write[1]] } : { ...op, delete: seal(op.delete) },
        ),
        options,
        call,
      ),
    watch: (watcher) =>
      backend.watch((notice) => {
        if (notice.type === 'resync') watcher(notice)
        else for (const name of open(notice.name)) watcher({ ...notice, name })
      }),
    list(options: ListOptions, call: Call) {
      const { range, shown } = page(options, (sealed) => backend.list(sealed, call))
      return chain(range, ({ names, next }) => ({ names: names.flatMap(shown), next: nextOf(next) }))
    },
    ...(scan && {
      scan(options: ListOptions, call: Call) {
        const { range, shown } = page(options, (sealed) => scan(sealed, call))
        return chain(range, ({ entries, next }) => ({
          entries: entries.flatMap(([sealed, entry]) =>
            shown(sealed).map((name): [Name, typeof entry] => [name, entry]),
          ),
          next: nextOf(next),
        }))
      },
    }),
    ...(readStream && { readStream: (name, call) => readStream(seal(name), call) }),
    ...(writeStream && { writeStream: (name, meta, pieces, call) => writeStream(seal(name), meta, pieces, call) }),
  }
}

/** Bytes of a name that, sealed, is no longer than a name may be. */
const MAX_BYTES = 104
/** What a sealed name begins with: it is the name, or its hash. */
const WHOLE = 0
const HASHED = 1
/** Leads a sealed name in the place of the name. The sign makes it a long name. */
const UNKNOWN = 's~'
