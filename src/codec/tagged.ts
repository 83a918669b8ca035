/** A Clojure keyword: `new Keyword('user/name')` is `:user/name`. On the wire tag 39 over the text with its colon. */
export class Keyword {
  readonly name: string

  constructor(name: string) {
    this.name = name
    Object.freeze(this)
  }

  toString(): string {
    return `:${this.name}`
  }
}

/** A Clojure symbol, `user/name`. On the wire tag 39 over the text. */
export class ClojureSymbol {
  readonly name: string

  constructor(name: string) {
    if (name.startsWith(':')) throw new TypeError(`Not a symbol: ${name}`)
    this.name = name
    Object.freeze(this)
  }

  toString(): string {
    return this.name
  }
}

/** A UUID that is a type of its own, as in Clojure; in lower case. On the wire tag 37 over its 16 bytes. */
export class Uuid {
  readonly value: string

  constructor(value: string) {
    if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)) throw new TypeError(`Not a UUID: ${value}`)
    this.value = value.toLowerCase()
    Object.freeze(this)
  }

  toString(): string {
    return this.value
  }
}

/** A CBOR tag that has no type here, with what it stands over. Numbers beyond 2^53-1 are bigints. */
export class Tagged<T = unknown> {
  readonly tag: number | bigint
  readonly value: T

  constructor(tag: number | bigint, value: T) {
    const isTag = typeof tag === 'bigint' ? BigInt.asUintN(64, tag) === tag : Number.isSafeInteger(tag) && tag >= 0
    if (!isTag) throw new TypeError(`Not a CBOR tag: ${tag}`)
    this.tag = simplest(tag)
    this.value = value
    Object.freeze(this)
  }
}

/** An integer as a number if that is exact. */
export function simplest(integer: number | bigint): number | bigint {
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer
}
