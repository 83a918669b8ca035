import { type Entry, type EntryType, type Key, type Meta, isLive } from '../base/entry.ts'
import { clone } from '../codec/clone.ts'
import { kindOf } from '../codec/kinds.ts'
import { isolateKey } from './names.ts'
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
  return makeMeta(key, type, deadline(options?.ttl), ownFields(options?.meta))
}

/** The metadata of an entry that was changed: its deadline and fields stay, unless `change` says otherwise. */
export function changedMeta(
  old: Meta | undefined,
  key: Key,
  type: EntryType,
  change?: (old: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): Meta {
  const meta = makeMeta(key, type, old?.expires, change ? ownFields(change(clone(old?.custom ?? {}))) : old?.custom)
  const freshUntil = old?.own?.['freshUntil']
  if (freshUntil !== undefined) meta.own = { freshUntil }
  return meta
}

function makeMeta(key: Key, type: EntryType, expires: Meta['expires'], custom: Meta['custom']): Meta {
  const meta: Meta = { key: isolateKey(key), type, lastWrite: now() }
  if (expires) meta.expires = expires
  if (custom) meta.custom = custom
  return meta
}

/** Metadata as users see it. */
export function presentMeta(meta: Meta, scope: Scope): EntryMeta {
  const { key, type, lastWrite, expires, custom } = meta
  return {
    ...(custom && clone(custom)),
    key: isolateKey(scope.outer(key)),
    type,
    lastWrite: new Date(lastWrite),
    ...(expires && { expires: new Date(expires) }),
  }
}

/** The entry, if a reader may see it. */
export function live(entry: Entry | undefined): Entry | undefined {
  return entry && isLive(entry.meta) ? entry : undefined
}

/** A copy of what a user gives as metadata, without the fields of ours, which it cannot hide. */
function ownFields(meta: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> | undefined {
  if (meta === undefined) return undefined
  if (kindOf(meta) !== 'Object') throw new TypeError('Metadata must be a plain object.')
  const custom: Record<string, unknown> = clone(meta)
  for (const field of ['key', 'type', 'lastWrite', 'expires']) delete custom[field]
  return Object.keys(custom).length > 0 ? custom : undefined
}

function deadline(ttl: number | undefined): Date | undefined {
  if (ttl === undefined) return undefined
  const start = Date.now()
  const expires = new Date(start + Math.ceil(ttl))
  if (typeof ttl === 'number' && expires.getTime() > start) return expires
  throw new TypeError(`ttl must be a number of milliseconds above 0, got ${String(ttl)}.`)
}
