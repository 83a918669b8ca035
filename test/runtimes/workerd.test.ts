import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { bundle } from '../../scripts/bundle.mjs'
import { loadMiniflare } from '../../scripts/workerd.mjs'

const root = process.cwd()

const worker = `
  import { connectStore } from 'konserve-ts'
  import { decode, encode } from 'konserve-ts/cbor'
  import { startCompiled } from './dist/codec/wasm/second.js'
  import { isReady } from './dist/codec/wasm/memory.js'
  import second from './dist/wasm/full.wasm'
  const refuses = (fn) => { try { fn(); return false } catch { return true } }
  export default {
    async fetch() {
      const store = await connectStore({ backend: 'memory', id: 'c0b9a5e2-3d5f-4f57-8a34-6a1c8c3a7d56' })
      await store.set('a', [1, 2])
      const isFast = isReady()
      const transforms = startCompiled(second)
      const packed = transforms.compress(encode('text '.repeat(100)))
      return Response.json({
        agent: navigator.userAgent,
        compiles: !refuses(() => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))),
        isFast,
        value: await store.get('a'),
        length: decode(transforms.decompress(packed, 503)).length,
      })
    },
  }
`

test('workerd, which does not compile bytes, gets the modules ready compiled', async () => {
  const { code } = await bundle(root, worker, ['workerd', 'worker'])
  const modules = [...code.matchAll(/from\s*["'`]([^"'`]+\.wasm)["'`]/g)].map(([, path]) => path!)
  expect(new Set(modules.map((path) => posix.basename(path)))).toEqual(new Set(['core.wasm', 'full.wasm']))
  const { Miniflare } = await loadMiniflare()
  const runtime = new Miniflare({
    compatibilityDate: '2026-01-01',
    modules: [
      { type: 'ESModule', path: 'folder/worker.mjs', contents: code },
      ...(await Promise.all(
        [...new Set(modules)].map(async (path) => ({
          type: 'CompiledWasm',
          path: posix.join('folder', path),
          contents: await readFile(join(root, 'dist/wasm', posix.basename(path))),
        })),
      )),
    ],
  })
  try {
    const response = await runtime.dispatchFetch('http://localhost/')
    expect(await response.json()).toEqual({
      agent: 'Cloudflare-Workers',
      compiles: false,
      isFast: true,
      value: [1, 2],
      length: 500,
    })
  } finally {
    await runtime.dispose()
  }
})
