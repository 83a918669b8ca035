import type { Version } from '../base/entry.ts'

/*
 * Every write of an object has a random id, and the object's metadata has the ids of the writes that led to it, the last
 * one first: a write that replaces a version takes over its history. Whoever did not hear whether his write was done
 * finds its id there, even if others have written on top of it. (An ETag is of the bytes alone. Frames of two writes with
 * the same value differ by the time of the write.)
 */

/** The header with the ids. */
export const HISTORY_HEADER = 'x-amz-meta-konserve-writes'

/** Characters of an id: 72 random bits in base64url. */
const ID_LENGTH = 12
/** Ids that are kept. S3 has room for some 160. */
const KEPT = 64
/** What a history ends with that has every write since there was nothing. */
const NOTHING = '.'

/** A state of an object. */
export interface State {
  readonly etag: string
  /** Ids of writes, one behind the other. */
  readonly history: string
}

export function newWriteId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array((ID_LENGTH * 3) / 4))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

/** The history after the write `id` of `before`: a state, nothing (`null`), or whatever is there. */
export function extended(id: string, before: State | null | undefined): string {
  return (id + (before === null ? NOTHING : (before?.history ?? ''))).slice(0, KEPT * ID_LENGTH)
}

/** An object that others have put there has no history. */
export function stateOf(etag: string, header: string | null): State {
  return { etag, history: header && /^(?:[\w-]{12})*\.?$/.test(header) ? header : '' }
}

export function versionOf({ etag, history }: State): Version {
  return `${etag} ${history}`
}

export function stateOfVersion(version: Version): State {
  const space = version.lastIndexOf(' ')
  return { etag: version.slice(0, space), history: version.slice(space + 1) }
}

/** How many writes came after the one with `id`; -1 if it is not in the history. */
export function writesSince(id: string, history: string): number {
  if (id.length < ID_LENGTH) return -1
  for (let i = 0; i < history.length; i += ID_LENGTH) if (history.startsWith(id, i)) return i / ID_LENGTH
  return -1
}

/** Whether all writes since `before` are in `history`, so that one that is not there was not done. */
export function isComplete(history: string, before: State | null): boolean {
  return before ? writesSince(before.history.slice(0, ID_LENGTH), history) >= 0 : history.endsWith(NOTHING)
}
