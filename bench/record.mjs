/**
 * Record number `i` of the suites, about 183 bytes of JSON.
 *
 * @param {number} i
 */
export const record = (i) => ({
  id: `user:${String(i).padStart(6, '0')}`,
  name: `Reader ${i}`,
  email: `p.${i}@example.org`,
  age: 18 + (i % 60),
  score: i / 8,
  active: i % 3 === 0,
  tags: ['ab', 'beta', `group-${i % 10}`],
  address: { city: 'Heidelberg', zip: String(69_000 + i) },
})

/**
 * Record number `i` as stores keep it, about 250 bytes of JSON. Its revision tells which write was the last.
 *
 * @param {number} i
 * @param {number} revision
 */
export const revisedRecord = (i, revision) => ({
  ...record(i),
  note: `Reader ${i} came back for chapter ${i * 7} of it`,
  revision,
})
