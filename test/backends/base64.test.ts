import { Buffer } from 'node:buffer'
import { describe, expect, test, vi } from 'vitest'

describe.each(['with Buffer', 'without it'])('%s', async (platform) => {
  if (platform === 'without it') vi.stubGlobal('Buffer', undefined)
  vi.resetModules()
  const { fromBase64, toBase64 } = await import('../../src/backends/base64.ts')
  vi.unstubAllGlobals()

  test('bytes of every length are the base64 that Node makes of them, and come back', () => {
    for (let length = 0; length < 300; length++) {
      const bytes = crypto.getRandomValues(new Uint8Array(length))
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      expect(fromBase64(toBase64(bytes))).toEqual(bytes)
    }
  })

  test('a view of a larger buffer is encoded by itself', () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i)
    expect(fromBase64(toBase64(bytes.subarray(300, 700)))).toEqual(bytes.slice(300, 700))
  })
})
