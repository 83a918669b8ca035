import { collect, equal, fails, ok } from '../assert.ts'
import type { UnserializableValueError } from '../../base/errors.ts'
import { Point, registerPoint } from '../point.ts'
import type { Rule, Scene } from '../rule.ts'
import { encodes } from './clones.ts'

export const valueRules: readonly Rule[] = [
  {
    name: 'primitives-round-trip',
    title: 'Every primitive comes back exactly',
    fault: '-0 comes back as 0',
    run: (scene) =>
      roundTrip(scene, [
        0,
        -0,
        1,
        -1,
        1.5,
        2 ** 31,
        2 ** 53,
        -(2 ** 53),
        Number.MAX_VALUE,
        Number.MIN_VALUE,
        NaN,
        Infinity,
        -Infinity,
        0n,
        -1n,
        2n ** 64n,
        -(2n ** 70n),
        true,
        false,
        null,
        undefined,
        '',
        'text',
        'ä€😀',
        '\0',
        'half \ud83d of a pair',
        'x'.repeat(70_000),
      ]),
  },
  {
    name: 'containers-round-trip',
    title: 'Objects, arrays, Maps and Sets come back exactly',
    fault: 'a Map comes back as an object',
    run: (scene) =>
      roundTrip(scene, [
        {},
        [],
        { a: { b: [1, { c: undefined }] }, '': 1, 7: 2 },
        [undefined, null, [], [[]]],
        JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "toString": 3}'),
        new Map<unknown, unknown>([
          [1, 'one'],
          ['1', { x: new Map() }],
          [null, new Set([1])],
        ]),
        new Set<unknown>([3, 'a', null]),
      ]),
  },
  {
    name: 'objects-round-trip',
    title: 'Dates, RegExps and Errors come back exactly',
    fault: 'a RegExp comes back without its flags',
    run: (scene) =>
      roundTrip(scene, [
        new Date(0),
        new Date(-1),
        new Date(1_700_000_000_123),
        new Date(NaN),
        /a+\/b/,
        /x/giu,
        new TypeError('no', { cause: new Error('because') }),
      ]),
  },
  {
    name: 'urls-round-trip',
    title: 'A URL comes back as one',
    fault: 'a URL comes back as a string',
    applies: encodes,
    run: (scene) => roundTrip(scene, [new URL('https://example.org/a?b=c#d'), { nested: [new URL('data:,')] }]),
  },
  {
    name: 'buffers-round-trip',
    title: 'ArrayBuffers and typed arrays come back as what they were',
    fault: 'every typed array comes back as a Uint8Array',
    run: (scene) =>
      roundTrip(scene, [
        new Uint8Array([1, 2, 3]),
        new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 3),
        new Uint8ClampedArray([1, 255]),
        new Int8Array([-1]),
        new Uint16Array([1, 65535]),
        new Int16Array([-2]),
        new Uint32Array([2 ** 32 - 1]),
        new Int32Array([-3]),
        new Float32Array([0.5, NaN]),
        new Float64Array([Math.PI, -0]),
        new BigInt64Array([-1n]),
        new BigUint64Array([2n ** 64n - 1n]),
        new Uint8Array([9, 8]).buffer,
        { nested: [new Float64Array(3)] },
      ]),
  },
  {
    name: 'registered-types-round-trip',
    title: 'An instance of a registered class comes back as one',
    fault: 'instances of registered classes come back as plain objects',
    applies: encodes,
    async run(scene) {
      registerPoint()
      await roundTrip(scene, [new Point(1, 2)])
      await scene.store.set('nested', [{ at: new Point(3, 4) }])
      const [first] = (await scene.store.get('nested')) as [{ at: Point }]
      ok(first.at instanceof Point && first.at.y === 4, 'a nested instance comes back')
    },
  },
  {
    name: 'missing-key',
    title: 'A missing key gives the default, or undefined',
    fault: 'get answers null for a missing key',
    async run({ store }) {
      equal(await store.get('missing'), undefined, 'get of a missing key')
      equal(await store.get('missing', { default: 7 }), 7, 'get of a missing key with a default')
      equal(await store.has('missing'), false, 'has of a missing key')
      equal(await store.getMeta('missing'), undefined, 'getMeta of a missing key')
    },
  },
  {
    name: 'nothing-is-a-value',
    title: 'Stored null, false, 0 and undefined are values',
    fault: 'a stored null or undefined gives the default',
    async run({ store }) {
      for (const value of [null, false, 0, '', undefined]) {
        await store.set('k', value)
        equal(await store.get('k', { default: 'default' }), value, 'get with a default')
        equal(await store.has('k'), true, `has of a stored ${value}`)
      }
    },
  },
  {
    name: 'set-replaces-value',
    title: 'set replaces the whole value',
    fault: 'set merges an object into the one that is there',
    async run({ store }) {
      await store.set('k', { a: 1, b: 2 })
      await store.set('k', { b: 3 })
      equal(await store.get('k'), { b: 3 }, 'the value')
    },
  },
  {
    name: 'delete-answers',
    title: 'delete removes an entry and tells whether one was there',
    fault: 'delete answers undefined where nothing was',
    async run({ store }) {
      equal(await store.delete('k'), false, 'delete of a missing key')
      await store.set('k', 1)
      equal(await store.delete('k'), true, 'delete of a value')
      equal(await store.has('k'), false, 'has after delete')
      equal(await collect(store.keys()), [], 'keys after delete')
      equal(await store.delete('k'), false, 'delete of a deleted key')
    },
  },
  {
    name: 'unserializable-kinds',
    title: 'What cannot be stored is refused, instances of unregistered classes too',
    fault: 'an instance of an unregistered class is stored as a plain object',
    applies: encodes,
    async run({ store }) {
      class Unregistered {
        readonly field = 1
      }
      const cycle: { self?: unknown } = {}
      cycle.self = cycle
      for (const value of [() => 1, Symbol('s'), new Unregistered(), cycle, new WeakMap()]) {
        await fails(async () => store.set('k', value), 'UNSERIALIZABLE_VALUE', `storing ${typeof value}`)
      }
      await fails(async () => store.set('k', 1, { meta: { f: () => 1 } }), 'UNSERIALIZABLE_VALUE', 'metadata')
    },
  },
  {
    name: 'unserializable-path',
    title: 'The error of a value that cannot be stored leads to the part that cannot',
    fault: 'the error of a value that cannot be stored has no path',
    applies: encodes,
    async run({ store }) {
      const values: readonly (readonly [unknown, readonly (string | number)[]])[] = [
        [{ a: [0, { b: () => 1 }] }, ['a', 1, 'b']],
        [[[Symbol('s')]], [0, 0]],
        [new Map([['m', { x: () => 1 }]]), ['m', 'x']],
        [() => 1, []],
      ]
      for (const [value, path] of values) {
        const error = await fails(async () => store.set('k', value), 'UNSERIALIZABLE_VALUE', 'storing a function')
        equal((error as UnserializableValueError).path, path, 'the path')
      }
    },
  },
  {
    name: 'failed-set-of-new-key',
    title: 'A failed set of a new key leaves nothing',
    fault: 'a place is made for the value before the value is encoded',
    async run({ store }) {
      await fails(async () => store.set('new', { f: Symbol('s') }), 'UNSERIALIZABLE_VALUE', 'storing a symbol')
      equal(await store.has('new'), false, 'has after a failed set')
      equal(await collect(store.keys()), [], 'keys after a failed set')
    },
  },
  {
    name: 'failed-set-of-old-key',
    title: 'A failed set of a key leaves its value',
    fault: 'the old value is removed before the new one is encoded',
    async run({ store }) {
      await store.set('old', 1)
      await fails(async () => store.set('old', { f: Symbol('s') }), 'UNSERIALIZABLE_VALUE', 'storing a symbol')
      equal(await store.get('old'), 1, 'the value after a failed set')
    },
  },
]

async function roundTrip({ store }: Scene, values: readonly unknown[]): Promise<void> {
  for (const [i, value] of values.entries()) {
    await store.set(`value-${i}`, value)
    equal(await store.get(`value-${i}`), value, `value ${i}`)
  }
}
