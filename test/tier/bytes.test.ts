import process from 'node:process'
import { expect, test } from 'vitest'
import { encode } from '../../src/codec/cbor.ts'
import { connectStore } from '../../src/node.ts'
import { generator } from './generator.ts'

/** A million in `npm run soak -- tiered`. */
const OPERATIONS = Number(process.env['KONSERVE_OPERATIONS'] ?? 50_000)
const MAX_BYTES = 200_000
const SYNC = { sync: true } as const
const FRONT = { sync: true, readPolicy: 'frontend-only' } as const
/** What is said to be around each entry; docs/backends.md. */
const AROUND = 500

test(`a front stays within maxBytes, by the bytes that are in it, whatever is called ${OPERATIONS} times`, () => {
  const store = connectStore(
    {
      backend: 'tiered',
      id: crypto.randomUUID(),
      frontendConfig: { backend: 'memory' },
      backendConfig: { backend: 'memory' },
      maxBytes: MAX_BYTES,
    },
    SYNC,
  )
  const draw = generator(1)
  const key = (): string => `key ${draw(3000)}`
  const value = (): unknown => {
    const text = 'x'.repeat(draw(10) === 0 ? draw(20_000) : draw(300))
    return [text, { text, n: draw(1000) }, new Map([[text.length, [text, new Date(draw(1e9))]]])][draw(3)]
  }
  const calls = [
    () => store.get(key(), SYNC),
    () => store.get(key(), SYNC),
    () => store.set(key(), value(), SYNC),
    () => store.set(key(), value(), { ...SYNC, meta: { note: 'x'.repeat(draw(100)) } }),
    () => store.setMany([[key(), value()] as const, [key(), value()] as const, [key(), value()] as const], SYNC),
    () => store.getMany([key(), key(), key()], SYNC),
    () => store.update(key(), value, SYNC),
    () => store.setBinary(key(), new Uint8Array(draw(2000)), SYNC),
    () => store.delete(key(), SYNC),
    () => store.get('none', SYNC),
  ]
  /** What the codec makes of all that is there. */
  const measured = (): number => {
    let bytes = 0
    for (const [name, there] of store.entries(FRONT)) {
      const { key: _, type: __, lastWrite: ___, ...custom } = store.getMeta(name, FRONT)!
      bytes += AROUND + encode(name).length + encode(there).length + encode(custom).length
    }
    return bytes
  }
  let fullest = 0
  for (let i = 1; i <= OPERATIONS; i++) {
    calls[draw(calls.length)]!()
    if (i % 500 > 0) continue
    const bytes = measured()
    fullest = Math.max(fullest, bytes)
    expect(bytes).toBeLessThanOrEqual(1.05 * MAX_BYTES)
    expect(Math.abs(bytes - store.tier!.stats().bytes!)).toBeLessThanOrEqual(0.05 * bytes)
  }
  // The room is used.
  expect(fullest).toBeGreaterThan(0.9 * MAX_BYTES)
}, 600_000)
