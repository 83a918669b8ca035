// Compiled, never run: the backends that a browser has, without those of Node.
import { connectStore } from 'konserve-ts'

const id = '5f0b6c1e-51d8-4a5c-9f5e-0d6b1c2a3f40'

connectStore({ backend: 'memory', id })
connectStore({ backend: 'indexeddb', id })
connectStore({ backend: 'indexeddb', id, name: 'notes', durability: 'strict' })
connectStore({ backend: 'indexeddb', id, serializer: 'structured-clone' })
connectStore({ backend: 'memory', id, serializer: 'cbor' })
connectStore({
  backend: 'tiered',
  id,
  frontendConfig: { backend: 'memory' },
  backendConfig: { backend: 'indexeddb', serializer: 'structured-clone' },
})

// @ts-expect-error there is no such serializer
connectStore({ backend: 'indexeddb', id, serializer: 'json' })
// @ts-expect-error a browser has no files
connectStore({ backend: 'file', id, path: '/data' })
// @ts-expect-error the database's name is a string
connectStore({ backend: 'indexeddb', id, name: 1 })
// @ts-expect-error there is no such durability
connectStore({ backend: 'indexeddb', id, durability: 'eventual' })
