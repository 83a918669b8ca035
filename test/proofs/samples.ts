import type { Key, Store } from '../../src/index.ts'

/** An entry to be damaged: how it is written, and how it is read. */
export interface Sample {
  readonly key: Key
  write(store: Store): Promise<unknown>
  /** The calls that give its whole content. */
  readonly reads: Readonly<Record<string, (store: Store) => unknown>>
}

const SYNC = { sync: true } as const

/** 44 entries that are stored as 50 frames or more of 80 to 2,000 bytes: values of every shape, binaries, logs, long names. */
export function samples(): Sample[] {
  const random = generator(0x5eed)
  const text = (length: number): string => Array.from({ length }, () => ALPHABET[random(ALPHABET.length)]!).join('')
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => random(256))
  const values: [Key, unknown, Record<string, unknown>?][] = [
    ['padded-null', null, { note: text(20) }],
    ['padded-undefined', undefined, { note: text(25) }],
    ['padded-false', false, { note: text(25) }],
    ['padded-zero', -0, { note: text(22) }],
    ['text-40', text(40)],
    ['text-200', text(200)],
    ['text-1500', text(1500)],
    ['other-text', 'żółć 漢字 🦊 '.repeat(12)],
    ['numbers', Array.from({ length: 60 }, (_, i) => i * 1.5)],
    ['integers', Array.from({ length: 100 }, (_, i) => i ** 3)],
    ['floats', new Float64Array(30).map(() => random(1e6) / 7)],
    ['words', new Uint16Array(100).map(() => random(65536))],
    ['bytes-in-value', { digest: bytes(64), parts: [bytes(3), bytes(0)] }],
    [
      'map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, text(20)],
        [null, [1, 2]],
      ]),
    ],
    ['set', new Set(['x', 1, 2n ** 70n, text(10)])],
    ['dates', { from: new Date(0), to: new Date(1e12), at: [new Date(-1)] }],
    ['bigints', [2n ** 64n, -(2n ** 100n), 0n, text(20)]],
    ['regexp', { flags: /a+(b|c)/giu, plain: /x/, url: new URL('https://example.org/a?b=c#d') }],
    ['error', new TypeError(text(30), { cause: new RangeError('inner') })],
    ['record', { name: text(12), age: 41, tags: ['a', 'b', text(8)], address: { city: text(9), zip: null } }],
    ['records', Array.from({ length: 12 }, (_, id) => ({ id, name: text(8), score: id / 3, done: id % 2 === 0 }))],
    ['deep', Array.from({ length: 20 }).reduce<unknown>((inner) => ({ inner }), text(10))],
    ['custom', { a: 1 }, { author: text(10), tags: [text(5), text(5)], at: new Date(5), rank: 7n }],
    ['much-custom', 1, { note: text(600) }],
    ['large-both', text(700), { note: text(700) }],
    [['users', 17, 'name'], text(30)],
    [['users', 18, { a: 1, b: [2] }], { nested: text(25) }],
    [-12.75, { numeric: text(40) }],
    [12345678901234567890n, { big: text(30) }],
    [new Date(86_400_000), { day: text(30) }],
    [bytes(24), { under: text(20) }],
    [null, { nothing: text(40) }],
    ['L'.repeat(150), { long: text(20) }],
    [`${'ö'.repeat(70)}-1`, { long: text(30) }],
    [`${'ö'.repeat(70)}-2`, { long: text(30) }],
    [['p'.repeat(90), 'q'.repeat(90)], [text(10)]],
  ]
  return [
    ...values.map(([key, value, meta]): Sample => ({
      key,
      write: (store) => store.set(key, value, meta ? { meta } : {}),
      reads: {
        get: (store) => store.get(key, SYNC),
        getIn: (store) => store.getIn([key], SYNC),
        getMany: (store) => store.getMany([key], SYNC).get(key),
        entries: (store) => [...store.entries(SYNC)],
      },
    })),
    ...[40, 300, 900].map((size): Sample => binary(`binary-${size}`, bytes(size), { size, name: text(12) })),
    // Larger than a chunk of 1,000 bytes: a head and chunks.
    binary('chunked', bytes(2500), { note: text(10) }),
    log('log-short', [{ at: 1, line: text(30) }]),
    log(
      'log',
      Array.from({ length: 5 }, (_, at) => ({ at, line: text(20 + 10 * at) })),
    ),
    log('l'.repeat(140), [text(40), { deep: [text(20)] }]),
    // Damaged metadata must not pass for an entry that has expired.
    {
      key: 'expires',
      write: (store) => store.set('expires', text(30), { ttl: 86_400_000 }),
      reads: { get: (store) => store.get('expires', SYNC), entries: (store) => [...store.entries(SYNC)] },
    },
  ]
}

function binary(key: string, bytes: Uint8Array, meta: Record<string, unknown>): Sample {
  return {
    key,
    write: (store) => store.setBinary(key, bytes, { meta }),
    reads: {
      get: (store) => store.get(key, SYNC),
      getBinary: (store) => store.getBinary(key, SYNC),
      'getBinary in pieces': (store) => store.getBinary(key, (stored) => [...stored.chunks()], SYNC),
      entries: (store) => [...store.entries(SYNC)],
    },
  }
}

function log(key: string, elements: readonly unknown[]): Sample {
  return {
    key,
    write: async (store) => {
      for (const element of elements) await store.append(key, element)
    },
    reads: {
      log: (store) => store.log(key, SYNC),
      'log, from its end': (store) => store.log(key, { ...SYNC, reverse: true }),
      reduceLog: (store) => store.reduceLog(key, (all: unknown[], each) => [...all, each], [], SYNC),
    },
  }
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** Integers below the argument, the same in every run (a linear congruential generator). */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
