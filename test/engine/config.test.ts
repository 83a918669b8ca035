import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import '../../src/backends/memory.ts'
import '../../src/backends/tiered.ts'
import { type AnyConfig, registerBackend } from '../../src/base/backend.ts'
import { checkConfig, publicConfig } from '../../src/engine/config.ts'

const id = '5f0c6c0e-9a3b-4d6e-8f57-3a2f0d8c1b11'

function check(config: unknown): AnyConfig {
  return checkConfig(config as AnyConfig).config
}

registerBackend('with-valibot', {
  schema: v.strictObject({
    url: v.pipe(v.string(), v.url()),
    retries: v.optional(v.number(), 3),
    key: v.optional(v.string()),
  }),
  secrets: ['key', 'nested.password'],
  capabilities: {
    sync: true,
    atomicUpdate: 'process',
    atomicBatch: 0,
    persistent: false,
    lock: 'process',
    watch: 'process',
  },
  locate: ({ id: place }) => place,
  exists: () => false,
  create: () => Promise.reject(new Error('not here')),
  open: () => Promise.reject(new Error('not here')),
  destroy: () => undefined,
})

describe('a config', () => {
  test.each([
    [undefined, 'INVALID_CONFIG'],
    [null, 'INVALID_CONFIG'],
    ['memory', 'INVALID_CONFIG'],
    [{ backend: 'memory' }, 'MISSING_ID'],
    [{ backend: 'memory', id: null }, 'MISSING_ID'],
    [{ backend: 'memory', id: '' }, 'INVALID_ID'],
    [{ backend: 'memory', id: 7 }, 'INVALID_ID'],
    [{ backend: 'memory', id: 'not-a-uuid' }, 'INVALID_ID'],
    [{ backend: 'nothing', id }, 'UNKNOWN_BACKEND'],
    [{ id }, 'UNKNOWN_BACKEND'],
    [{ backend: 'memory', id, opts: 1 }, 'INVALID_CONFIG'],
  ])('that is %j is refused as %s', (config, code) => {
    expect(() => check(config)).toThrow(expect.objectContaining({ code }))
  })

  test('has its id in lower case', () => {
    expect(check({ backend: 'memory', id: id.toUpperCase() }).id).toBe(id)
  })

  test('names every wrong field by its path, those of nested configs too', () => {
    const wrong = {
      backend: 'tiered',
      id,
      frontendConfig: { backend: 'memory', isolation: 'x', more: 1 },
      backendConfig: { backend: 'memory' },
    }
    expect(() => check(wrong)).toThrow(
      expect.objectContaining({
        issues: [
          { path: 'frontendConfig.isolation', message: 'expected "clone" or "freeze", got "x"' },
          { path: 'frontendConfig.more', message: 'there is no such field' },
        ],
      }),
    )
    expect(() => check({ backend: 'tiered', id, writePolicy: 'never' })).toThrow(
      expect.objectContaining({
        issues: [
          { path: 'frontendConfig', message: 'expected an object, got undefined' },
          { path: 'backendConfig', message: 'expected an object, got undefined' },
          {
            path: 'writePolicy',
            message: 'expected "write-through" or "write-behind" or "write-around" or "frontend-only", got "never"',
          },
        ],
      }),
    )
  })

  test('may have a schema of another library, with its defaults', () => {
    expect(check({ backend: 'with-valibot', id, url: 'https://example.com' })).toMatchObject({ retries: 3 })
    expect(() => check({ backend: 'with-valibot', id, url: 'nowhere', retries: '3', other: 1 })).toThrow(
      expect.objectContaining({
        issues: [
          expect.objectContaining({ path: 'url' }),
          expect.objectContaining({ path: 'retries' }),
          expect.objectContaining({ path: 'other' }),
        ],
      }),
    )
  })

  test('is shown without secrets', () => {
    const config = {
      backend: 'with-valibot',
      id,
      url: 'https://example.com',
      key: 's3cr3t',
      nested: { password: 'p', user: 'u' },
    }
    expect(publicConfig(config)).toEqual({
      backend: 'with-valibot',
      id,
      url: 'https://example.com',
      nested: { user: 'u' },
    })
    const tier = { backend: 'tiered', id, frontendConfig: { backend: 'memory', id }, backendConfig: config }
    expect(JSON.stringify(publicConfig(tier))).not.toContain('s3cr3t')
    expect(config.key).toBe('s3cr3t')
  })

  test("lets a tier's configs inherit its id, and no other", () => {
    const tier = {
      backend: 'tiered',
      id,
      frontendConfig: { backend: 'memory' },
      backendConfig: { backend: 'memory', id: id.toUpperCase() },
    }
    expect(check(tier)).toMatchObject({ frontendConfig: { id }, backendConfig: { id } })
    expect(() => check({ ...tier, backendConfig: { backend: 'memory', id: crypto.randomUUID() } })).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ path: 'backendConfig.id' })] }),
    )
  })
})
