import fc from 'fast-check'
import type { Key } from '../../src/base/entry.ts'
import { keyToName } from '../../src/store/names.ts'

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true })
const strings = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 5, arbitrary: fc.stringMatching(/^[A-Za-z0-9 ./\\_-]{0,12}$/) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 20, maxLength: 120 }) },
)
const scalars: fc.Arbitrary<Key> = fc.oneof(
  { weight: 3, arbitrary: strings },
  { weight: 2, arbitrary: numbers },
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 20 }),
)
const { key: keys } = fc.letrec<{ key: Key }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('key'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), tie('key'), { maxKeys: 3 }),
  ),
}))

/** So many different keys by name, in the order in which they were made up. */
export function generatedKeys(count: number): Map<string, Key> {
  const byName = new Map<string, Key>()
  for (const key of fc.sample(keys, count * 2)) {
    const name = keyToName(key)
    if (byName.size < count && !byName.has(name)) byName.set(name, key)
  }
  if (byName.size < count) throw new Error(`Only ${byName.size} of the generated keys are different.`)
  return byName
}

/** -0 and 0 are one key: which of them comes back is no matter. */
export function withoutNegativeZero(key: Key): Key {
  if (typeof key === 'number') return key + 0
  if (Array.isArray(key)) return key.map(withoutNegativeZero)
  if (typeof key !== 'object' || key === null || key instanceof Date || key instanceof Uint8Array) return key
  return Object.fromEntries(Object.entries(key).map(([property, each]) => [property, withoutNegativeZero(each as Key)]))
}
