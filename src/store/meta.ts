import { type Entry, type EntryType, type Key, type Meta, isLive } from '../base/entry.ts'
import { clone } from '../codec/clone.ts'
import { normalizeKey } from './names.ts'
import type { Scope } from './scope.ts'
import type { EntryMeta, SetOptions } from './types.ts'

let lastNow = 0

/** The wall clock, but never backwards in a process: what `lastWrite` gets. */
export function now(): Date {
  lastNow = Math.max(Date.now(), lastNow)
  return new Date(lastNow)
}

/** The metadata of an entry that replaces whatever was there. */
export function newMeta(key: Key, type: EntryType, options: Pick<SetOptions, 'meta' | 'ttl'> | undefined): Meta {
  const meta: Meta = { key: isolateKey(key), type, lastWrite: now() }
  if (options?.ttl !== undefined) meta.expires = deadline(options.ttl)
  const custom = ownFields(options?.meta)
  if (custom) meta.custom = custom
  return meta
}

/** The metadata of an entry that was changed: its deadline and fields stay, unless `change` says otherwise. */
export function changedMeta(
  old: Meta | undefined,
  key: Key,
  type: EntryType,
  change?: (old: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): Meta {
  const meta: Meta = { key: isolateKey(key), type, lastWrite: now() }
  if (old?.expires) meta.expires = old.expires
  const custom = change ? ownFields(change(clone(old?.custom ?? {}))) : old?.custom
  if (custom) meta.custom = custom
  return meta
}

/** Metadata as users see it. */
export function presentMeta(meta: Meta, scope: Scope): EntryMeta {
  const shown: { -readonly [Field in keyof EntryMeta]: EntryMeta[Field] } = {
    ...(meta.custom && clone(meta.custom)),
    key: isolateKey(scope.outer(meta.key)!),
    type: meta.type,
    lastWrite: new Date(meta.lastWrite),
  }
  if (meta.expires) shown.expires = new Date(meta.expires)
  return shown
}

/** The entry, if a reader may see it. */
export function live(entry: Entry | undefined): Entry | undefined {
  return entry && isLive(entry.meta) ? entry : undefined
}

/** A copy of a key as the store knows it: -0 is 0. */
export function isolateKey(key: Key): Key {
  if (typeof key === 'number') return key + 0
  return typeof key === 'object' ? clone(normalizeKey(key)) : key
}

/** The fields of ours that a user's cannot hide. */
const BUILT_IN = ['key', 'type', 'lastWrite', 'expires']

function ownFields(meta: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> | undefined {
  if (meta === undefined) return undefined
  const prototype =
    typeof meta === 'object' && meta !== null ? (Object.getPrototypeOf(meta) as object | null) : undefined
  if (prototype === undefined || (prototype !== null && Object.getPrototypeOf(prototype) !== null)) {
    throw new TypeError('Metadata must be a plain object.')
  }
  const fields = clone({ ...meta })
  for (const field of BUILT_IN) delete fields[field]
  return Object.keys(fields).length > 0 ? fields : undefined
}

function deadline(ttl: number): Date {
  const expires = typeof ttl === 'number' && ttl > 0 ? new Date(Date.now() + Math.ceil(ttl)) : undefined
  if (expires === undefined || Number.isNaN(expires.getTime())) {
    throw new TypeError(`ttl must be a number of milliseconds above 0, got ${String(ttl)}.`)
  }
  return expires
}
