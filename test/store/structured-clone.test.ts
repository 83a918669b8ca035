import { afterEach, describe, expect, test } from 'vitest'
import '../../src/backends/memory.ts'
import '../../src/backends/indexeddb.ts'
import '../../src/backends/tiered.ts'
import {
  type AnyConfig,
  InvalidConfigError,
  type Store,
  type StoreConfig,
  connectStore,
  deleteStore,
  registerType,
  releaseStore,
  validateStoreConfig,
} from '../../src/index.ts'

const id = '5f0c6c0e-9a3b-4d6e-8f57-3a2f0d8c1b11'
const cloning = { backend: 'memory', id, serializer: 'structured-clone' } as const
const encoding = { backend: 'memory', id } as const

afterEach(() => deleteStore(encoding))

class Point {
  readonly x: number
  constructor(x: number) {
    this.x = x
  }
}
registerType<Point, number>('structured-clone-memory.test/Point', {
  test: (value) => value instanceof Point,
  encode: ({ x }) => x,
  decode: (x) => new Point(x),
})

describe('a config with a serializer', () => {
  const issues = (config: AnyConfig): unknown => {
    try {
      validateStoreConfig(config)
    } catch (error) {
      return (error as InvalidConfigError).issues.map(({ path }) => path)
    }
    return []
  }
  const clones = { id, serializer: 'structured-clone' }

  test.each<[string[], AnyConfig]>([
    [[], { backend: 'memory', ...clones }],
    [[], { backend: 'memory', id, serializer: 'cbor', isolation: 'freeze' }],
    [[], { backend: 'memory', ...clones, isolation: 'clone' }],
    [['serializer'], { backend: 'memory', ...clones, isolation: 'freeze' }],
    [['serializer'], { backend: 'memory', id, serializer: 'json' }],
    [[], { backend: 'indexeddb', ...clones, limits: { depth: 5 }, durability: 'strict' }],
    [[], { backend: 'indexeddb', id, serializer: 'cbor', compressor: 'lz4' }],
    [['serializer'], { backend: 'indexeddb', ...clones, compressor: 'lz4' }],
    [
      ['serializer'],
      { backend: 'indexeddb', ...clones, encryptor: { type: 'xchacha20-poly1305', key: new Uint8Array(32) } },
    ],
  ])('has issues at %j: %o', (paths, config) => {
    expect(issues(config)).toEqual(paths)
  })

  test.each<[string[], object, object]>([
    [[], {}, {}],
    [[], {}, clones],
    [[], clones, clones],
    [[], { serializer: 'cbor' }, {}],
    [[], { serializer: undefined }, clones],
    [['frontendConfig.serializer'], { serializer: 'cbor' }, clones],
    [['frontendConfig.serializer'], clones, {}],
    [['frontendConfig.serializer'], clones, { serializer: 'cbor' }],
    [['frontendConfig.serializer'], { isolation: 'freeze' }, clones],
    [['backendConfig.serializer'], {}, { ...clones, compressor: 'lz4' }],
  ])('has issues at %j of a tier with %o before %o', (paths, front, back) => {
    const config = {
      backend: 'tiered',
      id,
      frontendConfig: { backend: 'memory', ...front },
      backendConfig: { backend: 'indexeddb', ...back },
    }
    expect(issues(config)).toEqual(paths)
  })
})

describe('a memory store', () => {
  let open: [StoreConfig, Store] | undefined
  const connect = async (config: StoreConfig): Promise<Store> => {
    if (open) await releaseStore(...open)
    open = [config, await connectStore(config)]
    return open[1]
  }
  afterEach(() => (open = undefined))

  test('says how it keeps values', async () => {
    expect((await connect(cloning)).capabilities.serializer).toBe('structured-clone')
    expect((await connect(encoding)).capabilities.serializer ?? 'cbor').toBe('cbor')
  })

  test('gives out each value as it was kept, whatever its config says now', async () => {
    const sparse = [1]
    sparse[3] = 4
    await (await connect(cloning)).set('clone', { sparse, point: new Point(1), blob: new Blob(['x']) })
    await (await connect(encoding)).set('encoded', { sparse, point: new Point(2) })
    for (const config of [cloning, encoding, { ...encoding, isolation: 'freeze' } as const]) {
      const store = await connect(config)
      const clone = (await store.get('clone')) as { sparse: unknown[]; point: object; blob: Blob }
      expect([Object.keys(clone.sparse), clone.point]).toStrictEqual([['0', '3'], { x: 1 }])
      expect(await clone.blob.text()).toBe('x')
      expect(await store.get('encoded')).toStrictEqual({ sparse: [1, undefined, undefined, 4], point: new Point(2) })
      clone.sparse.push(5)
      expect(((await store.get('clone')) as typeof clone).sparse).toHaveLength(4)
    }
  })

  test('refuses a value with what the platform says as the cause, and what a getter throws', async () => {
    const store = await connect(cloning)
    const thrown = new RangeError('mine')
    const value = {
      get a(): never {
        throw thrown
      },
    }
    await expect(store.set('a', value)).rejects.toMatchObject({ code: 'UNSERIALIZABLE_VALUE', key: 'a', cause: thrown })
    expect(() => store.set('a', () => 1, { sync: true })).toThrow(/does not clone .*could not be cloned/)
    expect(await store.has('a')).toBe(false)
  })

  test('has no limit of depth but the one of the platform', async () => {
    const nested = (depth: number): unknown[] => {
      let value: unknown[] = []
      for (let i = 0; i < depth; i++) value = [value]
      return value
    }
    const store = await connect(cloning)
    await store.set('a', nested(1000))
    await expect(store.set('a', nested(1_000_000))).rejects.toMatchObject({ code: 'UNSERIALIZABLE_VALUE' })
    expect(await store.has('a')).toBe(true)
  })

  test('keeps the bytes of binaries, and metadata, as every store does', async () => {
    const store = await connect(cloning)
    const bytes = new Uint8Array(100).subarray(10, 13)
    await store.setBinary('a', bytes, { meta: { of: new Point(1) } })
    const found = (await store.getBinary('a'))!
    expect([found, found.buffer.byteLength]).toEqual([new Uint8Array(3), 3])
    expect((await store.getMeta('a'))!['of']).toBeInstanceOf(Point)
  })
})
