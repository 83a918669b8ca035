// What suites import by name, so that they are bundled for a page, and what is not there before the first `npm run bench`
// or `npm run build`.

declare module 'cbor-x' {
  export class Encoder {
    constructor(options: object)
    encode(value: unknown): Uint8Array
    decode(bytes: Uint8Array): unknown
  }
}

declare module 'msgpackr' {
  export class Packr {
    constructor(options: object)
    pack(value: unknown): Uint8Array
    unpack(bytes: Uint8Array): unknown
  }
}

declare module '*/dist/cbor.js' {
  export const encode: typeof import('../src/cbor.ts').encode
  export const decode: typeof import('../src/cbor.ts').decode
}

declare module '*/dist/codec/cbor-encode.js' {
  export const encode: typeof import('../src/codec/cbor-encode.ts').encode
}

declare module '*/dist/codec/cbor-decode.js' {
  export const decode: typeof import('../src/codec/cbor-decode.ts').decode
}
