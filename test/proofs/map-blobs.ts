import type { BaseConfig, BlobBackend, BlobCapabilities, OpenContext } from '../../src/base/backend.ts'
import { registerBackend } from '../../src/base/backend.ts'
import type { Name } from '../../src/base/entry.ts'
import { StoreNotFoundError } from '../../src/base/errors.ts'
import { fields } from '../../src/base/schema.ts'
import { frameVersion } from '../../src/codec/frame.ts'
import { framed } from '../../src/engine/framed.ts'
import { watchedBlobs } from '../../src/engine/watched-blobs.ts'

/** Bytes in a Map: the test reads and changes `map` behind the store's back. */
export interface MapPlace {
  readonly map: Map<Name, Uint8Array>
  puts: number
}

/** Register backend `name`, framed blobs in a Map with chunks of `chunkSize` bytes, and give its one place. */
export function registerMapBackend(name: string, options: { chunkSize?: number } = {}): MapPlace {
  const place: MapPlace = { map: new Map(), puts: 0 }
  const open = (_config: BaseConfig, { onError }: OpenContext): ReturnType<typeof framed> =>
    framed(watchedBlobs(mapBlobs(place)), { ...options, onError })
  registerBackend(name, {
    schema: fields({}),
    capabilities,
    locate: () => name,
    exists: () => true,
    create: open,
    open: (config, context) => {
      if (place.map.size === 0) throw new StoreNotFoundError('empty')
      return open(config, context)
    },
    destroy: () => place.map.clear(),
  })
  return place
}

const capabilities: BlobCapabilities = {
  sync: true,
  atomicUpdate: 'process',
  atomicBatch: 0,
  persistent: true,
  lock: 'process',
  watch: 'process',
  compareAndSet: false,
}

/** Answers at once to synchronous calls, a turn of the event loop later to others. */
function mapBlobs(place: MapPlace): BlobBackend {
  const { map } = place
  const later = <T>(sync: boolean, value: T): T | Promise<T> =>
    sync ? value : new Promise((resolve) => setImmediate(() => resolve(value)))
  return {
    capabilities,
    get(name, { range }, { sync }) {
      const bytes = map.get(name)
      if (bytes === undefined) return later(sync, undefined)
      const version = frameVersion(bytes)
      return later(sync, { bytes: range ? bytes.slice(range.start, range.end) : bytes.slice(), version })
    },
    put(name, bytes, _condition, { sync }) {
      place.puts++
      map.set(name, bytes.slice())
      return later(sync, frameVersion(bytes))
    },
    delete: (name, _condition, { sync }) => later(sync, map.delete(name)),
    list({ prefix = '', after, limit = Infinity, reverse = false }, { sync }) {
      const inRange = (name: Name): boolean =>
        name.startsWith(prefix) && (after === undefined || (reverse ? name < after : name > after))
      const names = [...map.keys()].filter(inRange).sort()
      if (reverse) names.reverse()
      const page = names.slice(0, limit)
      return later(sync, { names: page, next: page.length < names.length ? page.at(-1) : undefined })
    },
    close: () => undefined,
  }
}
