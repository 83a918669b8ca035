// A backend of somebody else's adds its config to the types by declaration merging.
import { connectStore } from 'konserve-ts'

declare module 'konserve-ts' {
  interface BackendConfigs {
    tape: { readonly reel: number }
  }
}

const id = '5f0b6c1e-51d8-4a5c-9f5e-0d6b1c2a3f40'

connectStore({ backend: 'tape', id, reel: 3 })
// @ts-expect-error a tape store has a reel
connectStore({ backend: 'tape', id })
// @ts-expect-error the built-in ones keep their fields
connectStore({ backend: 'file', id })
