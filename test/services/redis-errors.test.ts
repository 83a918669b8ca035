import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, test } from 'vitest'
import { freePort, startService } from '../../scripts/services.mjs'
import '../../src/backends/redis.ts'
import type { RedisConfig } from '../../src/backends/redis-config.ts'
import { type KonserveError, connectStore, deleteStore, validateStoreConfig } from '../../src/node.ts'
import { makeFolder } from '../proofs/processes.ts'
import { runWithoutDrivers } from './folders.ts'

const SECRET = 'open sesame'
const run = promisify(execFile)

const redis = await startService('redis', { args: ['--requirepass', SECRET] })
afterAll(() => redis.stop())

const config = (own: RedisConfig) => ({ backend: 'redis' as const, id: crypto.randomUUID(), timeout: 1000, ...own })
const address = (port: number): string => `redis://127.0.0.1:${port}`

/** What the call fails with, in which nothing of the secret may be seen. */
async function failure(call: Promise<unknown>): Promise<KonserveError> {
  const error = (await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as KonserveError
  expect(error).toBeInstanceOf(Error)
  const { cause } = error as { cause?: Error }
  const shown = [error.stack, JSON.stringify(error), cause?.stack, JSON.stringify(cause)].join('\n')
  expect(shown).not.toContain(SECRET)
  expect(shown).not.toContain(encodeURIComponent(SECRET))
  return error
}

describe('an error says what to do, and nothing that is secret', () => {
  test('a config without an address, or with a wrong one', () => {
    const check = (own: RedisConfig) => () => validateStoreConfig(config(own))
    expect(check({})).toThrow('url: is missing')
    expect(check({ url: `http://:${SECRET}@host` })).toThrow('url: expected a URL: redis://host:6379')
    expect(check({ url: `http://:${SECRET}@host` })).not.toThrow(SECRET)
    expect(check({ url: address(1), cluster: [address(2)] })).toThrow('cluster: is in the place of url')
    expect(check({ cluster: [] })).toThrow('cluster: names no node')
    expect(check({ url: address(1), prefix: 'a{b}' })).toThrow('prefix: must not have braces')
    expect(check({ url: address(1), durability: 'strict' } as RedisConfig)).toThrow(
      'durability: there is no such field',
    )
  })

  test('a wrong password, and none', async () => {
    const wrong = `redis://:${encodeURIComponent(`${SECRET}!`)}@127.0.0.1:${redis.port}`
    for (const url of [wrong, address(redis.port)]) {
      const error = await failure(connectStore(config({ url })))
      expect(error.code).toBe('STORAGE_UNAVAILABLE')
      expect(error.message).toContain('Give the user name and password that the server knows')
      expect(error.message).toContain(`127.0.0.1:${redis.port}`)
    }
  })

  test('a user who may not run scripts', async () => {
    const raw = new Redis({ port: redis.port, password: SECRET })
    await raw.call('acl', 'setuser', 'reader', 'on', `>${SECRET}`, '~*', '&*', '+@read', '+@connection')
    raw.disconnect()
    const error = await failure(
      connectStore(config({ url: address(redis.port), options: { username: 'reader', password: SECRET } })),
    )
    expect([error.code, error.message]).toEqual([
      'STORAGE_UNAVAILABLE',
      expect.stringContaining('Let the user of this connection run scripts'),
    ])
  })

  test('a user with no more rights than the documentation asks for can do everything', async () => {
    const raw = new Redis({ port: redis.port, password: SECRET })
    const rights = [
      '~{konserve:*',
      '&{konserve:*',
      ...'@read @write @scripting @pubsub @connection @transaction info'.split(' ').map((each) => `+${each}`),
    ]
    await raw.call('acl', 'setuser', 'writer', 'on', `>${SECRET}`, ...rights)
    raw.disconnect()
    const own = config({ url: address(redis.port), options: { username: 'writer', password: SECRET } })
    const store = await connectStore(own)
    const told: string[] = []
    store.watch({}, (event) => void told.push(event.type))
    await store.set('a', 1, { ttl: 60_000 })
    await store.update('a', () => 2)
    await store.setMany([['b', 3]])
    await store.setBinary('c', new Uint8Array(2_000_000))
    expect((await store.getBinary('c', async ({ size }) => size)) as number).toBe(2_000_000)
    expect(await store.keys().toArray()).toEqual(['a', 'b', 'c'])
    await store.clear()
    expect(told).toEqual(['set', 'set', 'set', 'set', 'delete', 'delete', 'delete'])
    await deleteStore(own)
  })

  test('no server', async () => {
    const port = await freePort()
    const error = await failure(
      connectStore(config({ url: `redis://:${encodeURIComponent(SECRET)}@127.0.0.1:${port}` })),
    )
    expect([error.code, error.message]).toEqual(['STORAGE_UNAVAILABLE', expect.stringContaining('ECONNREFUSED')])
    expect(error.message).toContain('Start the server, or check its address.')
  })

  test('a server that does not answer any more', async () => {
    const frozen = await startService('redis')
    const own = config({ url: address(frozen.port) })
    const store = await connectStore(own)
    frozen.signal('SIGSTOP')
    const error = await failure(store.set('a', 1))
    expect([error.code, error.message]).toEqual([
      'STORAGE_UNAVAILABLE',
      expect.stringContaining('Whether it was written is not known'),
    ])
    frozen.signal('SIGCONT')
    await store.set('a', 2)
    expect(await store.get('a')).toBe(2)
    await deleteStore(own)
    await frozen.stop()
  })

  test('a server whose memory is full; what is there stays', async () => {
    const full = await startService('redis', { args: ['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction'] })
    const own = config({ url: address(full.port) })
    const store = await connectStore(own)
    await store.set('kept', 1)
    const fill = async (): Promise<void> => {
      for (let i = 0; ; i++) await store.set(i, 'x'.repeat(100_000))
    }
    const error = await failure(fill())
    expect([error.code, error.message]).toEqual(['QUOTA_EXCEEDED', expect.stringContaining('raise maxmemory')])
    expect(await store.get('kept')).toBe(1)
    await deleteStore(own)
    await full.stop()
  })

  test('a server without TLS, and one whose certificate nobody vouches for', async () => {
    const plain = await failure(connectStore(config({ url: `rediss://127.0.0.1:${redis.port}` })))
    expect([plain.code, plain.message]).toEqual([
      'STORAGE_UNAVAILABLE',
      expect.stringContaining('whether the server speaks TLS'),
    ])
    const { port, certificate, stop } = await startWithTls()
    const url = `rediss://127.0.0.1:${port}`
    const error = await failure(connectStore(config({ url })))
    expect([error.code, error.message]).toEqual([
      'STORAGE_UNAVAILABLE',
      expect.stringContaining('Check the certificate'),
    ])
    const trusted = config({ url, options: { tls: { ca: certificate } } })
    const store = await connectStore(trusted)
    await store.set('a', 1)
    expect(await store.get('a')).toBe(1)
    await deleteStore(trusted)
    await stop()
  })

  test('a synchronous call with a config that cannot go to another thread', () => {
    const options = { tls: { checkServerIdentity: () => undefined } }
    expect(() => connectStore(config({ url: address(redis.port), options }), { sync: true })).toThrow(
      expect.objectContaining({
        code: 'SYNC_UNSUPPORTED',
        message: expect.stringContaining('The config holds a function') as string,
      }) as Error,
    )
  })

  test('no driver, and no file for the thread', async () => {
    const output = await runWithoutDrivers(`
      import { rmSync } from 'node:fs'
      import { connectStore } from './dist/node.js'
      import './dist/backends/redis.js'
      rmSync('./dist/backends/sync-worker.js')
      const config = { backend: 'redis', id: crypto.randomUUID(), url: 'redis://127.0.0.1' }
      await connectStore(config).catch(({ code, message }) => console.log(code, message))
      try { connectStore(config, { sync: true }) } catch ({ code, message }) { console.log(code, message) }
    `)
    expect(output.split('\n')).toEqual([
      'MISSING_DRIVER The driver ioredis is not installed, or does not run on this platform. Install it: npm install ioredis',
      'SYNC_UNSUPPORTED Synchronous calls need the file sync-worker.js of konserve-ts, which a bundle does not have. ' +
        'Leave konserve-ts out of the bundle, or await the call.',
    ])
  })
})

/** A server that speaks TLS only, with a certificate that it has signed itself. */
async function startWithTls() {
  const folder = makeFolder()
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const subject = ['-subj', '/CN=konserve', '-addext', 'subjectAltName=IP:127.0.0.1']
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', file, ...subject])
  const port = await freePort()
  const files = ['--tls-cert-file', file, '--tls-key-file', key, '--tls-ca-cert-file', file, '--tls-auth-clients', 'no']
  const service = await startService('redis', { args: ['--tls-port', String(port), ...files] })
  return {
    port,
    certificate: await readFile(file, 'utf8'),
    async stop() {
      await service.stop()
      await rm(folder, { recursive: true })
    },
  }
}
