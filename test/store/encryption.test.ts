import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Encryptor, type Store, type StoreConfig, connectStore, createStore, deleteStore } from '../../src/node.ts'
import { releaseStore, storeExists } from '../../src/node.ts'
import { encodeFrame, parseFrame } from '../../src/codec/frame.ts'

const id = '5f0c6c0e-9a3b-4d6e-8f57-3a2f0d8c1b11'
const key = new Uint8Array(32).fill(7)
const otherKey = new Uint8Array(32).fill(8)
const SYNC = { sync: true } as const

let path: string
let open: [StoreConfig, Store][]

beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'konserve-encryption-')), 'store')
  open = []
})

afterEach(async () => {
  for (const [config, store] of open) await releaseStore(config, store)
  await rm(join(path, '..'), { recursive: true, force: true })
})

type Options = Partial<Encryptor> & { readonly plain?: boolean }

const configOf = ({ plain, ...encryptor }: Options = {}): StoreConfig => ({
  backend: 'file',
  id,
  path,
  durability: 'relaxed',
  encryptor: plain ? undefined : { type: 'xchacha20-poly1305', key, ...encryptor },
})

async function connect(options?: Options): Promise<Store> {
  const config = configOf(options)
  const store = await connectStore(config)
  open.push([config, store])
  return store
}

async function release(): Promise<void> {
  for (const [config, store] of open.splice(0)) await releaseStore(config, store)
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error as { code: string }).code,
  )
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

async function contents(): Promise<string> {
  const files = await readdir(path)
  return (await Promise.all(files.map((file) => readFile(join(path, file), 'latin1')))).join('\n')
}

describe('an encrypted store', () => {
  test('keeps values, metadata, binaries, chunks and logs, and shows none of them', async () => {
    const store = await connect()
    const large = new Uint8Array(2_500_000).fill(115)
    await store.set('user', { secret: 'sssssss' }, { meta: { author: 'sssssss' } })
    await store.setBinary('small', new Uint8Array(100).fill(115))
    await store.setBinary('large', large)
    await store.append('log', 'sssssss')
    await release()
    expect(await contents()).not.toContain('sssssss')
    const again = await connect()
    expect(await again.get('user')).toEqual({ secret: 'sssssss' })
    expect(await again.getMeta('user')).toMatchObject({ author: 'sssssss' })
    expect((await again.getBinary('small'))!.length).toBe(100)
    expect(String(await again.getBinary('large'))).toBe(String(large))
    expect(await again.log('log')).toEqual(['sssssss'])
  })

  test('answers synchronous calls', () => {
    const config = configOf()
    const store = connectStore(config, SYNC)
    store.set('a', 1, SYNC)
    expect(store.get('a', SYNC)).toBe(1)
    releaseStore(config, store, SYNC)
  })

  test('opens with its key alone', async () => {
    await (await connect()).set('a', 1)
    await release()
    expect(await codeOf(connect({ key: otherKey }))).toBe('DECRYPTION_FAILED')
    expect(await codeOf(connect({ plain: true }))).toBe('DECRYPTION_FAILED')
    expect(await codeOf(connect({ key: otherKey, allowPlaintext: true }))).toBe('DECRYPTION_FAILED')
    expect(await (await connect()).get('a')).toBe(1)
  })

  test('exists, and is deleted, without a key', async () => {
    await (await connect()).set('a', 1)
    await release()
    expect(await storeExists(configOf({ plain: true }))).toBe(true)
    await deleteStore(configOf({ plain: true }))
    expect(await storeExists(configOf())).toBe(false)
  })

  test('changes its key: the old one is an oldKey until nothing is sealed with it any more', async () => {
    await (await connect()).set('a', 1)
    await release()
    const rotating = await connect({ key: otherKey, oldKeys: [key] })
    expect(await rotating.get('a')).toBe(1)
    await rotating.set('b', 2)
    await release()
    const late = await connect({ key: otherKey })
    expect(await late.get('b')).toBe(2)
    expect(await codeOf(late.get('a'))).toBe('DECRYPTION_FAILED')
    await release()
    const again = await connect({ key: otherKey, oldKeys: [key] })
    await again.update('a', (value) => (value as number) + 1)
    await release()
    expect(await (await connect({ key: otherKey })).get('a')).toBe(2)
  })

  test('does not show its keys', async () => {
    const store = await connect({ oldKeys: [otherKey] })
    expect(inspect(store.config, { depth: 9 })).not.toMatch(/7, 7|8, 8|oldKeys/)
    expect(store.config).toMatchObject({ encryptor: { type: 'xchacha20-poly1305' } })
  })

  test('takes no part of another entry, version or store, though the sums are made right', async () => {
    const store = await connect()
    await store.set('a', 'first')
    const first = await frameOf('sa')
    await store.set('a', 'second')
    const second = await frameOf('sa')
    await store.set('b', 'other')
    const other = await frameOf('sb')
    for (const mixed of [
      { ...second, meta: first.meta },
      { ...second, value: first.value },
      { ...second, meta: other.meta },
      { ...second, value: other.value },
      other,
      { ...second, encryptor: 0 },
      { ...second, compressor: 1 },
      { ...second, serializer: 17 },
    ]) {
      await writeFile(join(path, 'sa'), encodeFrame('sa', mixed))
      expect(await codeOf(store.get('a'))).toBe('DECRYPTION_FAILED')
    }
    const wrong = encodeFrame('sa', second)
    wrong[wrong.length - 1]! ^= 1
    await writeFile(join(path, 'sa'), wrong)
    expect(await codeOf(store.get('a'))).toBe('CORRUPT_ENTRY')
    await writeFile(join(path, 'sa'), encodeFrame('sa', second))
    expect(await store.get('a')).toBe('second')
  })

  test('takes no chunk in the place of another', async () => {
    const store = await connect()
    await store.setBinary('a', new Uint8Array(3_000_000))
    await store.setBinary('b', new Uint8Array(3_000_000))
    const chunks = (await readdir(path)).filter((name) => name.startsWith('~c')).sort()
    expect(chunks.length).toBe(6)
    for (const source of [chunks[1]!, chunks[3]!]) {
      await writeFile(join(path, chunks[0]!), encodeFrame(chunks[0]!, await frameOf(source)))
      const codes = await Promise.all(['a', 'b'].map((name) => codeOf(store.getBinary(name))))
      expect(new Set(codes)).toEqual(new Set(['DECRYPTION_FAILED', 'no error']))
    }
  })

  test('refuses a descriptor that says that it is not encrypted', async () => {
    const store = await connect()
    await store.set('a', 1)
    await release()
    const encrypted = await readFile(join(path, '~d'))
    await rm(path, { recursive: true })
    await connect({ plain: true })
    await release()
    const plain = await readFile(join(path, '~d'))
    expect(plain.length).toBeLessThan(encrypted.length)
    expect(await codeOf(connect())).toBe('DECRYPTION_FAILED')
  })
})

describe('a store that was not encrypted', () => {
  test('is migrated with allowPlaintext, entry by entry, and then has no plaintext any more', async () => {
    const plain = await connect({ plain: true })
    await plain.set('a', 1)
    await plain.set('b', 2)
    await release()
    expect(await codeOf(connect())).toBe('DECRYPTION_FAILED')
    const migrating = await connect({ allowPlaintext: true })
    expect(await migrating.get('a')).toBe(1)
    await migrating.set('a', await migrating.get('a'))
    await release()
    const strict = await connect()
    expect(await strict.get('a')).toBe(1)
    expect(await codeOf(strict.get('b'))).toBe('DECRYPTION_FAILED')
    await release()
    expect(await codeOf(connect({ plain: true }))).toBe('DECRYPTION_FAILED')
  })
})

describe('encrypted names', () => {
  const long = 'long '.repeat(100)

  test('say nothing of the keys, which come back whatever their length', async () => {
    const store = await connect({ names: true })
    const keys = ['user', long, 'x'.repeat(103), 'x'.repeat(104), 5, ['a', 'b'], { b: 1 }]
    for (const each of keys) await store.set(each, each)
    expect(await contents()).not.toMatch(/user|long|xxx/)
    for (const name of await readdir(path)) expect(name).toMatch(/^(~d|s[0-9a-v]{20,199})$/)
    await release()
    const again = await connect({ names: true })
    for (const each of keys) expect(await again.get(each)).toEqual(each)
    const listed = await all(again.keys())
    expect(new Set(listed.map((each) => JSON.stringify(each)))).toEqual(
      new Set(keys.map((each) => JSON.stringify(each))),
    )
    expect(await all(again.keys({ prefix: 'x' }))).toHaveLength(2)
    expect(await all(again.keys({ prefix: 'long' }))).toEqual([long])
    expect(await all(again.keys({ prefix: ['a'] }))).toEqual([['a', 'b']])
    expect(await again.delete(long)).toBe(true)
    expect(await again.has(long)).toBe(false)
  })

  test('are listed whole in pages, forth and back, and from any key on', async () => {
    const store = await connect({ names: true })
    const keys = Array.from({ length: 300 }, (_, i) => `key ${i}`)
    await store.setMany(keys.map((each, i) => [each, i]))
    const forth = await all(store.keys())
    expect(forth).toHaveLength(keys.length)
    expect(new Set(forth)).toEqual(new Set(keys))
    expect(await all(store.keys({ reverse: true }))).toEqual([...forth].reverse())
    expect(await all(store.keys({ after: forth[99]! }))).toEqual(forth.slice(100))
    expect(await all(store.keys({ limit: 7 }))).toEqual(forth.slice(0, 7))
    expect(new Map((await all(store.entries())) as [string, number][])).toEqual(
      new Map(keys.map((each, i) => [each, i])),
    )
  })

  test('work with batches, updates, binaries, logs and scopes', async () => {
    const store = await connect({ names: true })
    await store.batch([{ set: ['a', 1] }, { set: ['b', 2] }, { delete: 'a' }])
    await store.update('b', (value) => (value as number) + 1)
    expect(await store.getMany(['a', 'b'])).toEqual(new Map([['b', 3]]))
    await store.setBinary('large', new Uint8Array(2_500_000))
    expect((await store.getBinary('large'))!.length).toBe(2_500_000)
    await store.append('log', 1)
    await store.append('log', 2)
    expect(await store.log('log')).toEqual([1, 2])
    await store.scope('in/').set('x', 1)
    expect(await all(store.scope('in/').keys())).toEqual(['x'])
    await store.clear()
    expect((await readdir(path)).filter((name) => name !== '~d')).toEqual([])
  })

  test('are told to watches as keys, whatever their length, by prefix and by key too', async () => {
    const store = await connect({ names: true })
    const heard: unknown[] = []
    for (const filter of [{}, { prefix: 'long' }, { keys: [long, 'a'] }]) {
      store.watch(filter, (event) => heard.push({ filter, ...event }))
    }
    for (const each of ['a', long]) {
      await store.set(each, 1)
      await store.delete(each)
    }
    const changes = (of: string): object[] => [
      { type: 'set', key: of },
      { type: 'delete', key: of },
    ]
    const by = (filter: object, events: object[]): object[] => events.map((event) => ({ filter, ...event }))
    expect(heard).toHaveLength(10)
    expect(heard).toEqual(expect.arrayContaining(by({}, [...changes('a'), ...changes(long)])))
    expect(heard).toEqual(expect.arrayContaining(by({ prefix: 'long' }, changes(long))))
    expect(heard).toEqual(expect.arrayContaining(by({ keys: [long, 'a'] }, [...changes('a'), ...changes(long)])))
  })

  test('stay the same when the key is changed', async () => {
    await (await connect({ names: true })).set('a', 1)
    const before = (await readdir(path)).sort()
    await release()
    const rotated = await connect({ names: true, key: otherKey, oldKeys: [key] })
    await rotated.set('a', 2)
    await release()
    expect((await readdir(path)).sort()).toEqual(before)
    expect(await (await connect({ names: true, key: otherKey })).get('a')).toBe(2)
  })

  test('are for good: a store has them from its creation on, or never', async () => {
    await connect({ names: true })
    await release()
    expect(await codeOf(connect())).toBe('INVALID_CONFIG')
    await rm(path, { recursive: true })
    await connect()
    await release()
    expect(await codeOf(connect({ names: true }))).toBe('INVALID_CONFIG')
  })
})

describe('a compressed store', () => {
  const compressed = (): StoreConfig => ({ backend: 'file', id, path, compressor: 'lz4', durability: 'relaxed' })
  const text = 'the quick brown fox '.repeat(1000)

  test('takes less room, and is read without naming the compressor', async () => {
    const store = await createStore(compressed())
    await store.set('a', text)
    await releaseStore(compressed(), store)
    expect((await frameOf('sa')).value.length).toBeLessThan(1000)
    const plain = await connect({ plain: true })
    expect(await plain.get('a')).toBe(text)
    await plain.set('a', text)
    await release()
    expect((await frameOf('sa')).value.length).toBeGreaterThan(text.length)
  })

  test('wrong fields are told by name', async () => {
    for (const [config, field] of [
      [{ ...compressed(), compressor: 'zip' }, 'compressor'],
      [{ ...compressed(), compressor: { type: 'lz4', threshold: -1 } }, 'compressor.threshold'],
      [{ ...configOf({ key: new Uint8Array(31) }) }, 'encryptor.key'],
      [{ ...configOf({ oldKeys: [new Uint8Array(31)] }) }, 'encryptor.oldKeys.0'],
      [{ ...compressed(), encryptor: { key } }, 'encryptor.type'],
      [{ ...configOf(), encryptor: { type: 'xchacha20-poly1305', key, allow: true } }, 'encryptor.allow'],
    ] as [StoreConfig, string][]) {
      await expect(connectStore(config)).rejects.toMatchObject({
        code: 'INVALID_CONFIG',
        message: expect.stringContaining(field),
      })
    }
  })
})

async function frameOf(name: string): Promise<ReturnType<typeof parseFrame>> {
  return parseFrame(name, await readFile(join(path, name)))
}
