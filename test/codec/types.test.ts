import { describe, expect, test } from 'vitest'
import { CorruptEntryError, UnserializableValueError } from '../../src/base/errors.ts'
import { decode, encode } from '../../src/codec/cbor.ts'
import { clone } from '../../src/codec/clone.ts'
import { registerType } from '../../src/codec/types.ts'

class Money {
  readonly amount: bigint
  readonly currency: string

  constructor(amount: bigint, currency: string) {
    if (currency === '') throw new Error('no currency')
    this.amount = amount
    this.currency = currency
  }
}

class Box {
  content: unknown

  constructor(content: unknown) {
    this.content = content
  }
}

class Sealed extends Box {}

registerType('money', {
  test: (value) => value instanceof Money,
  encode: (money: Money): [bigint, string] => [money.amount, money.currency],
  decode: ([amount, currency]) => new Money(amount, currency),
})
registerType('box', {
  test: (value) => value instanceof Box && value.constructor === Box,
  encode: (box: Box) => box.content,
  decode: (content) => new Box(content),
})
registerType('sealed', {
  test: (value) => value instanceof Sealed,
  encode: (box: Sealed) => encode(box.content),
  decode: (bytes) => new Sealed(decode(bytes)),
})

class Broken {}
class Greedy {}
const refusal = new Error('no')

registerType('broken', {
  test: (value) => value instanceof Broken,
  encode: () => {
    throw refusal
  },
  decode: () => new Broken(),
})
registerType('greedy', {
  test: (value) => [Array, Map, Date, RegExp, WeakMap].some((builtin) => value instanceof builtin),
  encode: () => 1,
  decode: () => new Greedy(),
})

const copies = [
  ['encoded', <T>(value: T) => decode(encode(value)) as T],
  ['cloned', clone],
] as const

describe.each(copies)('a registered type, %s', (_, copy) => {
  test('comes back as an instance, at any depth and in each other', () => {
    const value = { prices: [new Money(10n, 'EUR'), new Box(new Box({ price: new Money(1n, 'USD') }))] }
    expect(copy(value)).toStrictEqual(value)
    expect(copy(new Map([[new Box(1), 1]]))).toStrictEqual(new Map([[new Box(1), 1]]))
  })

  test('shares nothing with what was passed in', () => {
    const box = new Box([1])
    const again = copy(box)
    ;(box.content as number[]).push(2)
    expect(again.content).toStrictEqual([1])
  })

  test('may encode and decode on its own account meanwhile', () => {
    const value = ['before', new Sealed([new Sealed({ a: 1 }), 'inside']), 'after'.repeat(50)]
    expect(copy(value)).toStrictEqual(value)
  })

  test('has a payload that must be storable, found under the path of the value', () => {
    const wrong = { list: [new Box({ fn: () => 1 })] }
    expect(() => copy(wrong)).toThrow(expect.objectContaining({ path: ['list', 0, 'fn'] }))
  })

  test('in itself is a cycle', () => {
    const box = new Box(null)
    box.content = [box]
    expect(() => copy({ box })).toThrow(/cyclic/)
    box.content = box
    expect(() => copy({ box })).toThrow(/cyclic/)
  })

  test('whose encode throws is unserializable, with the cause and the path', () => {
    let error: unknown
    try {
      copy({ a: [new Broken()] })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(UnserializableValueError)
    expect(error).toMatchObject({ path: ['a', 0], cause: refusal })
    expect(copy(new Box(1))).toStrictEqual(new Box(1))
  })

  test('whose decode throws is corrupt, with the cause', () => {
    const money = Object.assign(Object.create(Money.prototype), { amount: 1n, currency: '' }) as Money
    expect(() => copy([money])).toThrow(
      expect.objectContaining({ code: 'CORRUPT_ENTRY', cause: new Error('no currency') }),
    )
  })

  test('does not take the place of a built-in kind', () => {
    expect(copy({ date: new Date(1), map: new Map(), list: [/x/] })).toStrictEqual({
      date: new Date(1),
      map: new Map(),
      list: [/x/],
    })
    expect(copy(new WeakMap())).toBeInstanceOf(Greedy)
    expect(copy({ plain: [1] })).toStrictEqual({ plain: [1] })
  })
})

describe('the name of a type', () => {
  const codec = { test: () => false, encode: () => 1, decode: () => 1 }

  test('cannot be empty, reserved or taken', () => {
    for (const name of ['', 'Error', 'RegExp', 'ArrayBuffer', 'Date', 'money']) {
      expect(() => registerType(name, codec)).toThrow(TypeError)
    }
    expect(() => registerType(5 as unknown as string, codec)).toThrow(TypeError)
  })

  test('is what a reader without the type is told', () => {
    const bytes = Uint8Array.from([0xd8, 27, 0x82, 0x63, 0x66, 0x6f, 0x6f, 0x01])
    expect(() => decode(bytes)).toThrow(CorruptEntryError)
    expect(() => decode(bytes)).toThrow(/"foo" is unknown: call registerType/)
  })
})
