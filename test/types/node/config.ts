// Compiled, never run: a line that should not compile stands under @ts-expect-error, which fails where it does.
import { connectStore, createStore, deleteStore, storeExists, validateStoreConfig } from 'konserve-ts'

const id = '5f0b6c1e-51d8-4a5c-9f5e-0d6b1c2a3f40'

connectStore({ backend: 'memory', id })
connectStore({ backend: 'memory', id, isolation: 'freeze' })
connectStore({ backend: 'memory', id, serializer: 'structured-clone' })
connectStore({ backend: 'file', id, path: '/data' })
connectStore({ backend: 'file', id, path: '/data', durability: 'relaxed', opts: { create: false } })
connectStore({
  backend: 'tiered',
  id,
  frontendConfig: { backend: 'memory', id },
  backendConfig: { backend: 'file', id, path: '/data' },
  writePolicy: 'write-through',
})

// @ts-expect-error a store has an id
connectStore({ backend: 'memory' })
// @ts-expect-error the id is a string
connectStore({ backend: 'memory', id: 1 })
// @ts-expect-error a store has a backend
connectStore({ id })
// @ts-expect-error a file store has a path
connectStore({ backend: 'file', id })
// @ts-expect-error a path is a string
connectStore({ backend: 'file', id, path: 1 })
// @ts-expect-error there is no such durability
connectStore({ backend: 'file', id, path: '/data', durability: 'eventual' })
// @ts-expect-error a memory store has no path
connectStore({ backend: 'memory', id, path: '/data' })
// @ts-expect-error there is no such serializer
connectStore({ backend: 'memory', id, serializer: 'clone' })
// @ts-expect-error files hold bytes
connectStore({ backend: 'file', id, path: '/data', serializer: 'structured-clone' })
// @ts-expect-error there is no such isolation
connectStore({ backend: 'memory', id, isolation: 'none' })
// @ts-expect-error no entry of Node's registers this backend
connectStore({ backend: 'punched-cards', id })
// @ts-expect-error a tier has a back
connectStore({ backend: 'tiered', id, frontendConfig: { backend: 'memory', id } })
// @ts-expect-error there is no such option
connectStore({ backend: 'memory', id, opts: { synchronous: true } })

// @ts-expect-error the other calls of the lifecycle take the same config
createStore({ backend: 'file', id })
// @ts-expect-error
storeExists({ backend: 'file', id })
// @ts-expect-error
deleteStore({ backend: 'file', id })

// A config from elsewhere is checked when the program runs, and keeps its type.
const checked: { readonly backend: string; readonly id: string; readonly reel: number } = validateStoreConfig({
  backend: 'tape',
  id,
  reel: 3,
})
// @ts-expect-error a config has an id
validateStoreConfig({ backend: 'tape' })

export { checked }
