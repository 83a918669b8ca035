import type { Capabilities } from '../../base/backend.ts'
import type { Store } from '../../store/types.ts'
import { collect, equal, fails, ok } from '../assert.ts'
import { Point, registerPoint } from '../point.ts'
import type { Rule } from '../rule.ts'

/** Whether values are encoded by the codec, for rules of what it stores. */
export function encodes({ serializer = 'cbor' }: Capabilities): boolean {
  return serializer === 'cbor'
}

/** Whether values are cloned by the platform, for rules of what it clones. */
function clones({ serializer }: Capabilities): boolean {
  return serializer === 'structured-clone'
}

export const cloneRules: readonly Rule[] = [
  {
    name: 'clones-of-platform-objects',
    title: 'A Blob, a File and a CryptoKey come back as the platform clones them',
    fault: 'a Blob comes back without its type',
    applies: clones,
    async run({ store }) {
      const file = new File(['in a file'], 'name.txt', { type: 'text/plain', lastModified: 5 })
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
      await store.set('blob', new Blob(['in a blob'], { type: 'text/html' }))
      await store.set('nested', { file, keys: new Map([[1, key]]) })

      const blob = (await store.get('blob')) as Blob
      ok(blob instanceof Blob, 'a Blob comes back')
      equal([await blob.text(), blob.type], ['in a blob', 'text/html'], 'text and type of the Blob')

      const nested = (await store.get('nested')) as { file: File; keys: Map<number, CryptoKey> }
      // Node makes a Blob of a File.
      const { name, lastModified } = structuredClone(file)
      equal([await nested.file.text(), nested.file.type], ['in a file', 'text/plain'], 'text and type of the File')
      equal([nested.file.name, nested.file.lastModified], [name, lastModified], 'name and time of the File')

      const algorithm = { name: 'AES-GCM', iv: new Uint8Array(12) }
      const sealed = await crypto.subtle.encrypt(algorithm, key, new Uint8Array([1, 2, 3]))
      const opened = await crypto.subtle.decrypt(algorithm, nested.keys.get(1)!, sealed)
      equal(new Uint8Array(opened), new Uint8Array([1, 2, 3]), 'what the CryptoKey that came back has decrypted')
      ok(!nested.keys.get(1)!.extractable, 'the CryptoKey is as little extractable as it was')
    },
  },
  {
    name: 'clones-keep-shapes',
    title: 'Cycles, objects that are met twice, and holes of arrays come back as they were',
    fault: 'holes of arrays come back as undefined',
    applies: clones,
    async run({ store }) {
      interface Node {
        readonly twice: readonly object[]
        readonly sparse: unknown[]
        self?: Node
      }
      const object = {}
      const value: Node = { twice: [object, object], sparse: [1, undefined] }
      value.sparse[4] = 5
      value.self = value
      const holes = ({ sparse }: Node): number[] => Object.keys(sparse).map(Number)
      await store.set('k', value)
      const found = (await store.get('k')) as Node
      ok(found !== value && found.self === found, 'a cycle comes back as one')
      ok(found.twice[0] === found.twice[1], 'an object that is met twice is one object')
      equal([found.sparse.length, holes(found)], [5, [0, 1, 4]], 'the length and the indices of a sparse array')
      await store.setIn(['k', 'sparse', 0], 2)
      equal(holes((await store.get('k')) as Node), [0, 1, 4], 'the indices after setIn')
    },
  },
  {
    name: 'clones-by-every-call',
    title: 'What only the platform can clone is written and read by every call that takes values',
    fault: 'an element of a log must be what the codec can store',
    applies: clones,
    async run({ store, connect }) {
      const blob = new Blob(['x'])
      const isBlob = (value: unknown, what: string): void => ok(value instanceof Blob, `${what} gives a Blob`)
      await store.setIn(['in', 'a', 'b'], blob)
      await store.updateIn(['in', 'a', 'c'], () => blob)
      await store.update('updated', () => ({ blob }))
      await store.setMany([['many', blob]])
      await store.batch([{ set: ['batch', blob] }])
      await store.append('log', blob)
      const other = await connect()
      for (const each of ['b', 'c']) isBlob(await other.getIn(['in', 'a', each]), `getIn of ${each}`)
      const [, after] = (await other.update('updated', (old) => old)) as [unknown, { blob: unknown }]
      isBlob(after.blob, 'update')
      for (const [key, value] of await other.getMany(['many', 'batch'])) isBlob(value, `getMany of ${String(key)}`)
      isBlob((await other.log('log'))[0], 'log')
      isBlob(await other.reduceLog('log', (_, element): unknown => element, undefined), 'reduceLog')
      const listed = new Map(await collect(other.entries()))
      isBlob(listed.get('many'), 'entries')
      equal([...listed.keys()], ['batch', 'in', 'many', 'updated'], 'the keys of entries()')
    },
  },
  {
    name: 'clones-are-plain',
    title: 'An instance of a class comes back as a plain object of its fields, of a registered class too',
    fault: 'an instance of a registered class comes back as one',
    applies: clones,
    async run({ store }) {
      registerPoint()
      await store.set('k', new Point(1, 2))
      equal(await store.get('k'), { x: 1, y: 2 }, 'the value')
    },
  },
  {
    name: 'uncloneable-kinds',
    title:
      'What the platform cannot clone is refused with its error as the cause; metadata is what the codec can store',
    fault: 'the error of what cannot be cloned has no cause',
    applies: clones,
    async run({ store }) {
      await store.set('k', 1)
      for (const value of [() => 1, Symbol('s'), new WeakMap(), { a: [Promise.resolve()] }]) {
        for (const write of writes(store, value)) {
          const { cause } = await fails(async () => write(), 'UNSERIALIZABLE_VALUE', `storing ${typeof value}`)
          equal((cause as Error | undefined)?.name, 'DataCloneError', 'the name of the cause')
        }
      }
      await fails(async () => store.set('k', 2, { meta: { blob: new Blob([]) } }), 'UNSERIALIZABLE_VALUE', 'metadata')
      equal(await store.get('k'), 1, 'the value')
      equal(await collect(store.keys()), ['k'], 'keys')
    },
  },
]

function writes(store: Store, value: unknown): (() => unknown)[] {
  return [
    () => store.set('k', value),
    () => store.update('k', () => value),
    () => store.setIn(['k'], value),
    () => store.append('log', value),
    () =>
      store.setMany([
        ['a', 1],
        ['b', value],
      ]),
  ]
}
