import type { EntryMeta, Key, Store } from '../src/index.ts'
import type { Session } from './session.ts'

/** An entry as the page shows it. */
export type Loaded =
  | { readonly type: 'missing' }
  | { readonly type: 'value'; readonly meta: EntryMeta; readonly value: unknown }
  | { readonly type: 'binary'; readonly meta: EntryMeta; readonly bytes: Uint8Array }
  | { readonly type: 'log'; readonly meta: EntryMeta; readonly elements: readonly unknown[] }

/** Elements of a log that are read to be shown, the latest ones. */
export const SHOWN_ELEMENTS = 100

/** Read an entry; from the memory in front at once, if it is there. */
export async function loadEntry(session: Session, key: Key): Promise<Loaded> {
  const meta = await session.run('getMeta', (store) => store.getMeta(key))
  if (!meta) return { type: 'missing' }
  if (meta.type === 'log') {
    const latest = await session.run('log', (store) => store.log(key, { reverse: true, limit: SHOWN_ELEMENTS }))
    return { type: 'log', meta, elements: latest.toReversed() }
  }
  if (meta.type === 'binary') {
    const bytes = await session.run('getBinary', (store) => store.getBinary(key))
    return bytes ? { type: 'binary', meta, bytes } : { type: 'missing' }
  }
  const resident = await session.runSync('get, in memory', (store) => store.get(key, { sync: true }))
  const value: unknown = resident ? resident.answer : await session.run('get', (store) => store.get(key))
  return { type: 'value', meta, value }
}

/** The fields of the metadata that are the user's own. */
export function customMeta({
  key: _key,
  type: _type,
  lastWrite: _lastWrite,
  expires: _expires,
  ...custom
}: EntryMeta): Record<string, unknown> {
  return custom
}

/** Delete an entry. Answers with how to bring it back, `undefined` if nothing was there. */
export async function deleteEntry(session: Session, key: Key): Promise<(() => Promise<void>) | undefined> {
  const restore = await restorer(session, key)
  return (await session.run('delete', (store) => store.delete(key))) ? restore : undefined
}

/** What writes the entry again as it is now. One that cannot be read, such as a corrupt one, cannot come back. */
async function restorer(session: Session, key: Key): Promise<(() => Promise<void>) | undefined> {
  let loaded: Loaded
  try {
    loaded = await loadEntry(session, key)
  } catch {
    return undefined
  }
  if (loaded.type === 'missing') return undefined
  const { meta } = loaded
  const options = (): { meta: Record<string, unknown>; ttl?: number } => ({
    meta: customMeta(meta),
    ...(meta.expires && { ttl: Math.max(1, meta.expires.getTime() - Date.now()) }),
  })
  if (loaded.type === 'value') {
    const { value } = loaded
    return () => session.run('set', (store) => store.set(key, value, options()))
  }
  if (loaded.type === 'binary') {
    const { bytes } = loaded
    return () => session.run('setBinary', (store) => store.setBinary(key, bytes, options()))
  }
  const elements = await session.run('log', (store) => store.log(key))
  return () => session.run('append', (store) => appendAll(store, key, elements))
}

async function appendAll(store: Store, key: Key, elements: readonly unknown[]): Promise<void> {
  await Promise.all(elements.map((item) => store.append(key, item)))
}
