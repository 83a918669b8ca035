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

declare module 'hash-wasm' {
  interface Hasher {
    init(): Hasher
    update(bytes: Uint8Array): Hasher
    digest(form: 'binary'): Uint8Array
  }
  export function createXXHash3(): Promise<Hasher>
  export function createSHA512(): Promise<Hasher>
}

declare module 'fflate' {
  export function deflateSync(bytes: Uint8Array): Uint8Array
  export function inflateSync(bytes: Uint8Array): Uint8Array
}

declare module 'lz4js' {
  const lz4: {
    compress(bytes: Uint8Array): Uint8Array
    decompress(bytes: Uint8Array, maxSize?: number): Uint8Array
    compressBound(length: number): number
    compressFrame(from: Uint8Array, to: Uint8Array): number
    decompressFrame(from: Uint8Array, to: Uint8Array): number
    makeBuffer(length: number): Uint8Array
  }
  export default lz4
}

declare module 'lz4js/xxh32.js' {
  const xxh32: { hash(seed: number, bytes: Uint8Array, start: number, length: number): number }
  export default xxh32
}

declare module 'idb-keyval' {
  export type UseStore = (mode: IDBTransactionMode, callback: (store: IDBObjectStore) => unknown) => Promise<unknown>
  export function createStore(database: string, store: string): UseStore
  export function set(key: string, value: unknown, store: UseStore): Promise<void>
  export function get(key: string, store: UseStore): Promise<unknown>
  export function setMany(entries: readonly (readonly [string, unknown])[], store: UseStore): Promise<void>
  export function getMany<T>(keys: readonly string[], store: UseStore): Promise<T[]>
  export function update<T>(key: string, updater: (old: T) => T, store: UseStore): Promise<void>
  export function keys(store: UseStore): Promise<unknown[]>
  export function entries(store: UseStore): Promise<[unknown, unknown][]>
}

declare module 'localforage' {
  interface LocalForage {
    ready(): Promise<void>
    setItem(key: string, value: unknown): Promise<unknown>
    getItem(key: string): Promise<unknown>
    keys(): Promise<string[]>
    iterate(iteratee: (value: unknown, key: string) => void): Promise<unknown>
  }
  const localForage: {
    readonly INDEXEDDB: string
    createInstance(options: { name: string; storeName: string; driver: string }): LocalForage
  }
  export default localForage
}

declare module 'dexie' {
  interface Table {
    put(value: unknown, key: string): Promise<unknown>
    get<T>(key: string): Promise<T>
    bulkPut(values: readonly unknown[], keys: readonly string[]): Promise<unknown>
    bulkGet<T>(keys: readonly string[]): Promise<T[]>
    toCollection(): { primaryKeys(): Promise<unknown[]> }
    toArray(): Promise<unknown[]>
  }
  export class Dexie {
    constructor(name: string, options: { chromeTransactionDurability: IDBTransactionDurability })
    version(version: number): { stores(schema: Record<string, string>): void }
    open(): Promise<unknown>
    table(name: string): Table
    transaction<T>(mode: 'r' | 'rw', table: Table, scope: () => Promise<T>): Promise<T>
    close(): void
  }
}

declare module 'unstorage' {
  interface Storage {
    setItem(key: string, value: unknown): Promise<void>
    getItem(key: string): Promise<unknown>
    setItems(items: readonly { key: string; value: unknown }[]): Promise<void>
    getItems<T>(keys: readonly string[]): Promise<{ key: string; value: T }[]>
    setItemRaw(key: string, value: unknown): Promise<void>
    getItemRaw(key: string): Promise<unknown>
    getKeys(): Promise<string[]>
  }
  export function createStorage(options: { driver: unknown }): Storage
}

declare module 'unstorage/drivers/indexedb' {
  export default function indexedDbDriver(options: { dbName: string; storeName: string }): unknown
}

declare module 'unstorage/drivers/memory' {
  export default function memoryDriver(): unknown
}

declare module 'unstorage/drivers/fs-lite' {
  export default function fsDriver(options: { base: string }): unknown
}

declare module 'keyv' {
  export class Keyv {
    get(key: string): Promise<unknown>
    set(key: string, value: unknown): Promise<boolean>
  }
}

declare module 'cacheable' {
  export class Cacheable {
    get(key: string): Promise<unknown>
    set(key: string, value: unknown): Promise<boolean>
  }
}

declare module 'lru-cache' {
  export class LRUCache<Key, Value> {
    constructor(options: { max: number })
    get(key: Key): Value | undefined
    set(key: Key, value: Value): unknown
  }
}

declare module '*/dist/browser.js' {
  export const connectStore: typeof import('../src/browser.ts').connectStore
  export const releaseStore: typeof import('../src/browser.ts').releaseStore
}

declare module '*/dist/node.js' {
  export const connectStore: typeof import('../src/node.ts').connectStore
  export const releaseStore: typeof import('../src/node.ts').releaseStore
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

declare module '*/dist/codec/codec.js' {
  export const decodeEntry: typeof import('../src/codec/codec.ts').decodeEntry
  export const encodeEntry: typeof import('../src/codec/codec.ts').encodeEntry
}

declare module '*/dist/codec/fast.js' {
  export const fast: import('../src/codec/fast.ts').Fast | undefined
}

declare module '*/dist/codec/lz4.js' {
  export const decompress: typeof import('../src/codec/lz4.ts').decompress
}

declare module '*/dist/codec/sha512.js' {
  export const sha512Twin: typeof import('../src/codec/sha512.ts').sha512Twin
}

declare module '*/dist/codec/xxh3.js' {
  export const xxh3: typeof import('../src/codec/xxh3.ts').xxh3
}

declare module '*/dist/codec/wasm/full.js' {
  const source: string
  export default source
}

declare module '*/dist/codec/wasm/memory.js' {
  export const full: typeof import('../src/codec/wasm/memory.ts').full
  export const isReady: typeof import('../src/codec/wasm/memory.ts').isReady
  export const take: typeof import('../src/codec/wasm/memory.ts').take
}

declare module '*/dist/codec/wasm/second.js' {
  export const startSecond: typeof import('../src/codec/wasm/second.ts').startSecond
}
