import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CorruptEntryError } from '../../src/base/errors.ts'
import { decompress } from '../../src/codec/lz4.ts'
import { xxh32 } from '../../src/codec/xxh32.ts'

/** Bytes without an order to see, the same again after `period`. */
function content(length: number, period: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => Math.imul((i % period) + 1, 2654435761) >>> 24)
}

// What `lz4 -q -c`, version 1.9.4, writes with these options.
const WRITTEN: [options: string, content: Uint8Array, base64: string][] = [
  ['', content(300, 20), 'BCJNGGRApyAAAAD/BZ482ngXtVPxjy7MaginReOBH75cFAD/AVDjgR++XAAAAABYaqBj'],
  ['', content(0, 1), 'BCJNGGRApwAAAAAFXcwC'],
  [
    'which stores what does not compress,',
    content(40, 40),
    'BCJNGGRApygAAICePNp4F7VT8Y8uzGoIp0XjgR++XPqYNtVzEa9O7IooxmUDoT/efBq4AAAAAJXlyI8=',
  ],
  ['', new Uint8Array(1000), 'BCJNGGRApw4AAAAfAAEA////0lAAAAAAAAAAAADQjCh/'],
  [
    '',
    content(600, 150),
    'BCJNGGRAp6IAAAD/h5482ngXtVPxjy7MaginReOBH75c+pg21XMRr07siijGZQOhP958GrhW9ZMxz20MqkjmhSPBX/2cOth2FbNR740symgG' +
      'pEPhfx28WviWNNNxD61L6ogmxGMBnz3behi2VPORL81rCqhG5IIhv137mjjWdBKxT+2LKshmBKJB330buVj2lDLRbw2rSeiGJMJg/5072XgW' +
      'tJYA/6tQO9l4FrQAAAAA9GXzdw==',
  ],
  ['--no-frame-crc', content(300, 20), 'BCJNGGBAgiAAAAD/BZ482ngXtVPxjy7MaginReOBH75cFAD/AVDjgR++XAAAAAA='],
  [
    '--content-size',
    content(300, 20),
    'BCJNGGxALAEAAAAAAABUIAAAAP8FnjzaeBe1U/GPLsxqCKdF44EfvlwUAP8BUOOBH75cAAAAAFhqoGM=',
  ],
  ['-BX', content(300, 20), 'BCJNGHRAvSAAAAD/BZ482ngXtVPxjy7MaginReOBH75cFAD/AVDjgR++XCuGx6gAAAAAWGqgYw=='],
  [
    '-B4 -BX',
    content(70000, 20),
    `BCJNGHRAvR8BAAD/BZ482ngXtVPxjy7MaginReOBH75cFAD/${'/'.repeat(340)}1FBqCKdF41rSLocwAAAA/wWBH75cnjzaeBe1U/GPLsxqC` +
      'KdF4xQA//////////////////////9VUOOBH75cGtFNrAAAAAB+UoQ8',
  ],
  [
    '-B4 -BD',
    content(70000, 100),
    'BCJNGERAXm8BAAD/VZ482ngXtVPxjy7MaginReOBH75c+pg21XMRr07siijGZQOhP958GrhW9ZMxz20MqkjmhSPBX/2cOth2FbNR740symgG' +
      `pEPhfx28WviWNNNxD61L6ogmxGMBnz3behi2VPORL81kAP${'/'.repeat(340)}+EUMZlA6E/GwAAAA/c////////////////////////aVBU8` +
      '5EvzQAAAABWmYe4',
  ],
  [
    '-B4 -BD -BX --content-size -9',
    content(70000, 100),
    'BCJNGFxAcBEBAAAAAADjbwEAAP9VnjzaeBe1U/GPLsxqCKdF44Efvlz6mDbVcxGvTuyKKMZlA6E/3nwauFb1kzHPbQyqSOaFI8Ff/Zw62HYV' +
      `s1HvjSzKaAakQ+F/Hbxa+JY003EPrUvqiCbEYwGfPdt6GLZU85EvzWQA${'/'.repeat(341)}4RQxmUDoT+ExTYHGwAAAA9kAP/////////////` +
      '/////////aVBU85EvzUYnKCQAAAAAVpmHuA==',
  ],
]

const frameOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
const [REPEATED, , INCOMPRESSIBLE] = WRITTEN
const UNCHECKED = frameOf(WRITTEN[5]![2])

/** The content, or undefined if the frame is corrupt; any other error goes on. */
function attempt(frame: Uint8Array, length: number): Uint8Array | undefined {
  try {
    return decompress(frame, length)
  } catch (error) {
    if (error instanceof CorruptEntryError) return undefined
    throw error
  }
}

const word = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]

/** A frame by hand. Blocks are compressed already; nothing has a checksum but the header. */
function frame(
  blocks: readonly (readonly number[])[],
  { magic = 0x184d2204, flags = 0x40, sizes = 0x40, contentSize = [] as number[], after = [] as number[] } = {},
): Uint8Array {
  const header = [flags, sizes, ...contentSize]
  const headerSum = (xxh32(Uint8Array.from(header)) >> 8) & 255
  const body = blocks.flatMap((block) => [...word(block.length), ...block])
  return Uint8Array.from([...word(magic), ...header, headerSum, ...body, ...word(0), ...after])
}

describe('a frame of the lz4 command', () => {
  test.each(WRITTEN)('lz4 %s is read', (_, expected, base64) => {
    const written = frameOf(base64)
    const shifted = new Uint8Array(written.length + 5).subarray(3, 3 + written.length)
    shifted.set(written)
    for (const bytes of [written, shifted]) {
      const read = decompress(bytes, expected.length)
      expect(read).toEqual(expected)
      expect(read.buffer.byteLength).toBe(expected.length)
    }
    expect(shifted).toEqual(written)
  })

  test.each(WRITTEN)('lz4 %s is corrupt when cut anywhere or longer by a byte', (_, { length }, base64) => {
    const written = frameOf(base64)
    for (let end = 0; end < written.length; end++) {
      expect(() => decompress(written.subarray(0, end), length)).toThrow(CorruptEntryError)
    }
    expect(() => decompress(new Uint8Array([...written, 0]), length)).toThrow(/trailing bytes at byte \d+$/)
  })

  test.each(WRITTEN)('lz4 %s is corrupt if another length is asked for', (_, { length }, base64) => {
    const written = frameOf(base64)
    for (const other of [0, length - 1, length + 1, 2 * length].filter((each) => each >= 0 && each !== length)) {
      expect(() => decompress(written, other)).toThrow(CorruptEntryError)
    }
  })

  const checked = WRITTEN.filter(([options]) => options !== '--no-frame-crc')

  test.each(checked)('lz4 %s is corrupt or means the same with any bit flipped', (_, expected, base64) => {
    const written = frameOf(base64)
    let same = 0
    for (let bit = 0; bit < written.length * 8; bit++) {
      const flipped = written.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const read = attempt(flipped, expected.length)
      if (read === undefined) continue
      expect(read, `bit ${bit}`).toEqual(expected)
      same++
    }
    // The last sequence of a block has no match, so that four bits of its token say nothing; there are two blocks at most.
    expect(same).toBeLessThanOrEqual(8)
  })

  test('without a checksum is corrupt or keeps its length, whichever bits are flipped', () => {
    const outcomes = { corrupt: 0, other: 0 }
    for (let first = 0; first < UNCHECKED.length * 8; first++) {
      for (let second = first; second < UNCHECKED.length * 8; second++) {
        const flipped = UNCHECKED.slice()
        flipped[first >> 3]! ^= 1 << (first & 7)
        if (second !== first) flipped[second >> 3]! ^= 1 << (second & 7)
        const read = attempt(flipped, 300)
        outcomes[read ? 'other' : 'corrupt']++
        if (read && read.length !== 300) expect.fail(`${read.length} bytes with bits ${first} and ${second} flipped`)
      }
    }
    expect(outcomes.corrupt).toBeGreaterThan(10_000)
    expect(outcomes.other).toBeGreaterThan(10_000)
  })
})

describe('a block', () => {
  test('repeats what lies at any offset, for any length', () => {
    for (let offset = 1; offset <= 70; offset++) {
      for (const length of [4, 5, 18, 19, 31, 32, 33, 64, 99, 273, 274, 300, 1000]) {
        const literals = [...content(offset, 256)]
        const block = [...sequence(literals, { offset, length }), ...sequence([1, 2, 3, 4, 5])]
        const expected = Array.from({ length: offset + length }, (_, i) => literals[i % offset]!)
        expect([...decompress(frame([block]), offset + length + 5)]).toEqual([...expected, 1, 2, 3, 4, 5])
      }
    }
  })

  test('has literals of any length', () => {
    for (const length of [0, 1, 14, 15, 16, 31, 32, 269, 270, 271, 524, 525, 60_000]) {
      const literals = [...content(length, 256)]
      expect(decompress(frame([sequence(literals)]), length)).toEqual(Uint8Array.from(literals))
    }
  })

  test('copies from the block before it only if the frame says that they are linked', () => {
    const blocks = [sequence([1, 2, 3, 4]), [...sequence([], { offset: 4, length: 8 }), ...sequence([9])]]
    expect([...decompress(frame(blocks), 13)]).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 9])
    expect(() => decompress(frame(blocks, { flags: 0x60 }), 13)).toThrow(/an offset before the start at byte 21$/)
  })

  test('of any bytes is corrupt or has the length that was asked for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 15, 16, 240, 255)), { maxLength: 60 }), {
          maxLength: 3,
        }),
        fc.constantFrom(0x40, 0x60),
        fc.nat(400),
        (blocks, flags, length) => {
          const read = attempt(frame(blocks, { flags }), length)
          expect(read?.length ?? length).toBe(length)
        },
      ),
      { numRuns: 5000 },
    )
  })
})

describe('a frame is corrupt', () => {
  const stored = (length: number) => [...word(0x80000000 + length), ...content(length, 256)]
  const raw = (...bytes: number[]) => Uint8Array.from([...word(0x184d2204), 0x40, 0x40, 0xc0, ...bytes])

  test.each<[what: string, bytes: Uint8Array, length: number, message: RegExp]>([
    ['nothing', new Uint8Array(), 0, /an early end at byte 0$/],
    ['four bytes', frame([]).subarray(0, 4), 0, /an early end at byte 4$/],
    ['a legacy frame', frame([], { magic: 0x184c2102 }), 0, /another magic number at byte 0$/],
    ['a skippable frame', frame([], { magic: 0x184d2a50 }), 0, /another magic number at byte 0$/],
    ['version 0', frame([], { flags: 0x00 }), 0, /another version at byte 4$/],
    ['version 2', frame([], { flags: 0x80 }), 0, /another version at byte 4$/],
    ['a dictionary', frame([], { flags: 0x41, contentSize: [1, 0, 0, 0] }), 0, /a dictionary at byte 4$/],
    ['a reserved flag', frame([], { flags: 0x42 }), 0, /a reserved flag at byte 4$/],
    ['block size 3', frame([], { sizes: 0x30 }), 0, /an unknown block size at byte 5$/],
    ['block size 12', frame([], { sizes: 0xc0 }), 0, /an unknown block size at byte 5$/],
    ['reserved bits of the block size', frame([], { sizes: 0x41 }), 0, /an unknown block size at byte 5$/],
    ['a wrong sum of the header', raw(0, 0, 0, 0).with(6, 0), 0, /a wrong checksum at byte 6$/],
    ['no end mark', raw(), 0, /an early end at byte 7$/],
    ['half an end mark', raw(0, 0), 0, /an early end at byte 9$/],
    ['a block past the end', raw(...word(3), 0x10), 1, /an early end at byte 12$/],
    ['a stored block over the block size', raw(...stored(65_537), ...word(0)), 65_537, /larger than its block size at/],
    ['an offset of 0', frame([sequence([1], { offset: 0, length: 4 })]), 5, /an offset of 0 at byte 13$/],
    ['an offset of 2 after 1', frame([sequence([1], { offset: 2, length: 4 })]), 5, /before the start at byte 13$/],
    ['a block that ends in a match', frame([sequence([1], { offset: 1, length: 4 })]), 5, /without an end at byte 15$/],
    ['a block that ends in an offset', frame([[0x10, 1, 1]]), 5, /a block without an end at byte 13$/],
    ['a block that ends in a length', frame([[0xf0, 255, 255]]), 600, /a block without an end at byte 14$/],
    ['a match that ends in a length', frame([[0x1f, 1, 1, 0, 255]]), 600, /a block without an end at byte 16$/],
    ['literals past the block', frame([[0x50, 1, 2]]), 5, /literals after its end at byte 12$/],
    ['more literals than asked for', frame([sequence([1, 2, 3])]), 2, /too much content at byte 12$/],
    ['a match longer than asked for', frame([sequence([1], { offset: 1, length: 9 })]), 9, /too much content at byte/],
    ['a stored block longer than asked for', raw(...stored(4), ...word(0)), 3, /too much content at byte 11$/],
    ['less than asked for', frame([sequence([1, 2, 3])]), 4, /3 bytes instead of 4 at byte 19$/],
  ])('with %s', (_, bytes, length, message) => {
    expect(() => decompress(bytes, length)).toThrow(CorruptEntryError)
    expect(() => decompress(bytes, length)).toThrow(message)
  })

  test('when a block stands for more than the block size', () => {
    const block = [...sequence([1], { offset: 1, length: 65_536 }), ...sequence([9])]
    const shorter = [...sequence([1], { offset: 1, length: 65_534 }), ...sequence([9])]
    expect(() => decompress(frame([block]), 65_538)).toThrow(/too much content/)
    expect(decompress(frame([shorter]), 65_536).length).toBe(65_536)
    expect(decompress(frame([block], { sizes: 0x50 }), 65_538).length).toBe(65_538)
  })

  test('when it names another content size, or a checksum of its content or of a block is wrong', () => {
    const contentSize = [3, 0, 0, 0, 0, 0, 0, 0]
    const block = sequence([1, 2, 3])
    expect([...decompress(frame([block], { flags: 0x48, contentSize }), 3)]).toEqual([1, 2, 3])
    expect(() => decompress(frame([block], { flags: 0x48, contentSize }), 2)).toThrow(/another content size at byte 6$/)
    const after = word(xxh32(Uint8Array.of(1, 2, 3)))
    expect([...decompress(frame([block], { flags: 0x44, after }), 3)]).toEqual([1, 2, 3])
    expect(() => decompress(frame([block], { flags: 0x44, after: word(1) }), 3)).toThrow(/wrong checksum at byte 19$/)
    const header = frame([], { flags: 0x50 }).subarray(0, 7)
    const summed = (sum: number) => Uint8Array.from([...header, ...word(4), ...block, ...word(sum), ...word(0)])
    expect([...decompress(summed(xxh32(Uint8Array.from(block))), 3)]).toEqual([1, 2, 3])
    expect(() => decompress(summed(1), 3)).toThrow(/a wrong checksum at byte 15$/)
  })
})

describe('a bomb', () => {
  test('that claims more than so few bytes can hold is refused before anything is allocated', () => {
    // No engine has arrays of 2^45 bytes: trying to make one would be a RangeError.
    const length = 2 ** 45
    const contentSize = [0, 0, 0, 0, 0, 32, 0, 0]
    const block = [...sequence([0], { offset: 1, length: 300 }), ...sequence([0])]
    for (const bytes of [frame([block]), frame([block], { flags: 0x48, contentSize }), frameOf(REPEATED![2])]) {
      expect(() => decompress(bytes, length)).toThrow(CorruptEntryError)
    }
    expect(() => decompress(frame([block], { flags: 0x48, contentSize }), length)).toThrow(/too few bytes/)
    expect(() => decompress(frameOf(INCOMPRESSIBLE![2]), 500_000_000)).toThrow(/too few bytes for 500000000/)
  })

  test('is followed no further than to the length that was asked for', () => {
    const block = [...sequence([0], { offset: 1, length: 4_000_000 }), ...sequence([0])]
    const bomb = frame(
      Array.from({ length: 20 }, () => block),
      { sizes: 0x70 },
    )
    const { length } = decompress(bomb, 20 * 4_000_002)
    expect(length / bomb.length).toBeGreaterThan(250)
    for (const asked of [0, 1, 4_000_001, 4_000_002, 20 * 4_000_002 - 1]) {
      expect(() => decompress(bomb, asked)).toThrow(/too much content/)
    }
  })
})

/** A sequence of a block: literals, then a match unless it is the last one. */
function sequence(literals: readonly number[], match?: { offset: number; length: number }): number[] {
  const rest = match ? match.length - 4 : 0
  const extended = (length: number) =>
    length < 15 ? [] : [...Array.from({ length: Math.floor((length - 15) / 255) }, () => 255), (length - 15) % 255]
  const token = (Math.min(literals.length, 15) << 4) | Math.min(rest, 15)
  const tail = match ? [match.offset & 255, match.offset >> 8, ...extended(rest)] : []
  return [token, ...extended(literals.length), ...literals, ...tail]
}
