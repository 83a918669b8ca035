import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { S3_CREDENTIALS } from '../../scripts/services/s3.mjs'
import type { AwsCredentials } from '../../src/backends/s3-node.ts'
import { KonserveError } from '../../src/base/errors.ts'
import { connectStore, createStore, deleteStore, storeExists, validateStoreConfig } from '../../src/node.ts'
import { type Fault, startHttpFaults } from './http-faults.ts'
import { type Config, configAt, startS3 } from './s3-target.ts'

const service = await startS3()
const faults = await startHttpFaults(service.port)
afterAll(async () => {
  await faults.close()
  await service.stop()
})

afterEach(() => {
  faults.fault = undefined
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const SECRETS = [S3_CREDENTIALS.secretAccessKey, 'wrong-secret', 'token-of-session']

test('requests that are throttled are done again until they are done', async () => {
  const store = await connectStore(configAt(faults.url))
  let requests = 0
  faults.fault = (_request, forward) => (++requests % 3 === 0 ? refusal(503, 'SlowDown') : forward())
  for (let i = 0; i < 30; i++) await store.update('counter', (old) => Number(old ?? 0) + 1)
  faults.fault = undefined
  expect(await store.get('counter')).toBe(30)
  expect(requests).toBeGreaterThan(60)
})

test.each([
  ['SlowDown', 503],
  ['ThrottlingException', 400],
  ['TooManyRequests', 429],
])('throttling that does not end is STORAGE_UNAVAILABLE after the time-out, with the code %s', async (code, status) => {
  const store = await connectStore(configAt(faults.url, { timeout: 400 }))
  faults.fault = () => refusal(status, code)
  const error = await expectError(store.get('a'), 'STORAGE_UNAVAILABLE')
  expect(error.message).toContain(`${code} (request R-1)`)
  expect(error.message).toContain('timeout')
})

test('a write whose bytes were damaged on the way is done again', async () => {
  const store = await connectStore(configAt(faults.url))
  let damaged = 0
  faults.fault = ({ method, headers }, forward) => {
    const isFirst = method === 'PUT' && headers['x-amz-checksum-crc32c'] !== undefined && damaged++ === 0
    return isFirst ? refusal(400, 'BadDigest') : forward()
  }
  await store.set('a', 1)
  expect([await store.get('a'), damaged]).toEqual([1, 2])
})

test('what a service cannot do is STORAGE_UNAVAILABLE at once', async () => {
  const store = await connectStore(configAt(faults.url))
  faults.fault = () => refusal(501, 'NotImplemented')
  const error = await expectError(store.get('a'), 'STORAGE_UNAVAILABLE')
  expect(error.message).toContain('NotImplemented')
})

test('a write that gets no answer says that it may have been done', async () => {
  const store = await connectStore(configAt(faults.url, { timeout: 400 }))
  await store.set('a', 0)
  faults.fault = async (_request, forward): Promise<'lost'> => {
    await forward()
    return 'lost'
  }
  const error = await expectError(store.set('a', 1), 'STORAGE_UNAVAILABLE')
  expect(error.message).toContain(faults.url)
  expect(error.message).toContain('not known')
})

test('a request that the server does not answer at all is done again before the time-out', async () => {
  const store = await connectStore(configAt(faults.url, { timeout: 2000 }))
  let silent = true
  faults.fault = async (_request, forward) => {
    if (silent) {
      silent = false
      await delay(1500)
      return 'lost'
    }
    return forward()
  }
  await store.set('a', 1)
  expect(await store.get('a')).toBe(1)
})

test('a last attempt that had no time for an answer does not hide why those before it failed', async () => {
  const store = await connectStore(configAt(faults.url, { timeout: 600 }))
  const began = performance.now()
  let silent = 0
  faults.fault = async (): Promise<'lost'> => {
    if (performance.now() - began > 450) {
      silent++
      await delay(1000)
    }
    return 'lost'
  }
  const errors = await Promise.all(
    Array.from({ length: 30 }, (_, i) => expectError(store.get(`a${i}`), 'STORAGE_UNAVAILABLE')),
  )
  expect(silent).toBeGreaterThan(0)
  expect(errors.filter(({ message }) => message.includes('no answer'))).toEqual([])
})

test('a wrong secret and an unknown key are STORAGE_UNAVAILABLE and say what to check', async () => {
  for (const credentials of [
    { ...S3_CREDENTIALS, secretAccessKey: 'wrong-secret', sessionToken: 'token-of-session' },
    { ...S3_CREDENTIALS, accessKeyId: 'nobody' },
  ]) {
    const error = await expectError(connectStore(configAt(service.url, { credentials })), 'STORAGE_UNAVAILABLE')
    expect(error.message).toMatch(/\w+ \(request \w+\)\. Check `credentials` and `region`/)
  }
})

test('a request that the policy does not allow is STORAGE_UNAVAILABLE and names the policy', async () => {
  const store = await connectStore(configAt(faults.url))
  faults.fault = () => refusal(403, 'AccessDenied')
  const error = await expectError(store.get('a'), 'STORAGE_UNAVAILABLE')
  expect(error.message).toMatch(/AccessDenied \(request R-1\).*policy/)
})

test('a missing bucket is STORAGE_UNAVAILABLE and says how to make it; createContainer makes it', async () => {
  const config = configAt(service.url, { bucket: 'not-there-yet' })
  expect(await storeExists(config)).toBe(false)
  await deleteStore(config)
  for (const open of [connectStore, createStore]) {
    const error = await expectError(open(config), 'STORAGE_UNAVAILABLE')
    expect(error.message).toMatch(/NoSuchBucket \(request \w+\).*createContainer: true/)
  }
  const store = await createStore(config, { createContainer: true })
  await store.set('a', 1)
  expect(await store.get('a')).toBe(1)
  await createStore({ ...config, id: crypto.randomUUID() }, { createContainer: true })
})

test('a bucket of another region is STORAGE_UNAVAILABLE and names the region', async () => {
  faults.fault = () => ({
    ...refusal(301, 'PermanentRedirect'),
    headers: { 'x-amz-bucket-region': 'eu-central-1' },
  })
  const error = await expectError(connectStore(configAt(faults.url)), 'STORAGE_UNAVAILABLE')
  expect(error.message).toContain('eu-central-1')
})

test('an endpoint that does not speak TLS is STORAGE_UNAVAILABLE and says so, without trying again', async () => {
  const endpoint = service.url.replace('http:', 'https:')
  const before = performance.now()
  const error = await expectError(connectStore(configAt(endpoint)), 'STORAGE_UNAVAILABLE')
  expect(error.message).toMatch(/No TLS connection.*ERR_SSL/)
  expect(error.message).toContain(endpoint)
  expect(performance.now() - before).toBeLessThan(10_000)
})

test('an endpoint where nobody listens is STORAGE_UNAVAILABLE and named', async () => {
  const gone = await startHttpFaults(service.port)
  await gone.close()
  const error = await expectError(connectStore(configAt(gone.url, { timeout: 300 })), 'STORAGE_UNAVAILABLE')
  expect(error.message).toContain(`S3 at ${gone.url} cannot be reached: ECONNREFUSED`)
})

test('an endpoint that is no S3 is STORAGE_UNAVAILABLE', async () => {
  faults.fault = () => ({ status: 200, body: '<html><body>Welcome</body></html>' })
  await expectError(connectStore(configAt(faults.url)), 'STORAGE_UNAVAILABLE')
})

test('a full bucket is QUOTA_EXCEEDED', async () => {
  const store = await connectStore(configAt(faults.url))
  faults.fault = () => refusal(403, 'QuotaExceeded')
  await expectError(store.set('a', 1), 'QUOTA_EXCEEDED')
})

test('a call that is aborted while it is tried again fails with the reason of its signal', async () => {
  const store = await connectStore(configAt(faults.url))
  faults.fault = () => refusal(503, 'SlowDown')
  const reason = new Error('enough')
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), 100)
  await expect(store.get('a', { signal: controller.signal })).rejects.toBe(reason)
})

test('a clock that is wrong by hours is made up for', async () => {
  for (const hours of [-5, 7]) {
    const now = Date.now
    vi.spyOn(Date, 'now').mockImplementation(() => now() + hours * 3_600_000)
    const config = configAt(faults.url)
    let refused = 0
    faults.fault = async (_request, forward) => {
      const answer = await forward()
      if (answer.status === 403) refused++
      return answer
    }
    const store = await connectStore(config)
    await store.set('a', hours)
    expect([await store.get('a'), refused]).toEqual([hours, 1])
    vi.restoreAllMocks()
  }
})

test('a function that gives credentials is asked once for many requests, and again once they are refused as expired', async () => {
  let asked = 0
  const credentials = async (): Promise<AwsCredentials> => {
    asked++
    await delay(10)
    // The providers of the AWS SDK say more.
    return { ...S3_CREDENTIALS, accountId: '1' } as AwsCredentials
  }
  let ended = false
  faults.fault = (_request, forward) => (ended && asked === 1 ? refusal(400, 'ExpiredToken') : forward())
  const store = await connectStore(configAt(faults.url, { credentials }))
  await Promise.all(Array.from({ length: 20 }, (_, i) => store.set(i, i)))
  expect(asked).toBe(1)
  ended = true
  await Promise.all(Array.from({ length: 20 }, (_, i) => store.set(i, -i)))
  expect(asked).toBe(2)
  expect(await store.get(19)).toBe(-19)
})

test('the token of a session is sent, and signed', async () => {
  const sent: unknown[] = []
  faults.fault = ({ headers }) => {
    sent.push(
      headers['x-amz-security-token'],
      /SignedHeaders=[^,]*x-amz-security-token/.test(`${headers.authorization}`),
    )
    return refusal(403, 'AccessDenied')
  }
  const credentials = { ...S3_CREDENTIALS, sessionToken: 'token-of-session' }
  await expectError(connectStore(configAt(faults.url, { credentials })), 'STORAGE_UNAVAILABLE')
  expect(sent).toEqual(['token-of-session', true])
})

test('a function that gives credentials is asked again before they expire', async () => {
  let asked = 0
  const credentials = (): AwsCredentials => ({
    ...S3_CREDENTIALS,
    expiration: new Date(Date.now() + (asked++ === 0 ? 60_500 : 3_600_000)),
  })
  const store = await connectStore(configAt(service.url, { credentials }))
  await store.set('a', 1)
  expect(asked).toBe(1)
  await delay(600)
  await store.set('a', 2)
  await store.set('a', 3)
  expect(asked).toBe(2)
})

test('credentials that have expired for good, or that nobody gives, say what to do', async () => {
  const fail = (): never => {
    throw new Error('the metadata service is down')
  }
  const failed = await expectError(connectStore(configAt(service.url, { credentials: fail })), 'STORAGE_UNAVAILABLE')
  expect(failed.cause).toEqual(new Error('the metadata service is down'))
  const wrong = (): AwsCredentials => ({ accessKeyId: 'a', secretAccessKey: 'wrong-secret\n' })
  await expectError(connectStore(configAt(service.url, { credentials: wrong })), 'INVALID_CONFIG')
  faults.fault = () => refusal(400, 'ExpiredToken')
  const expired = await expectError(connectStore(configAt(faults.url)), 'STORAGE_UNAVAILABLE')
  expect(expired.message).toMatch(/ExpiredToken.*function/)
})

test('without credentials those of the environment are used, and without them it is said which there may be', async () => {
  const config = configAt(service.url)
  const bare = { ...config, credentials: undefined }
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) vi.stubEnv(name, '')
  const error = await expectError(connectStore(bare), 'INVALID_CONFIG')
  expect(error.message).toMatch(/credentials: .*AWS_ACCESS_KEY_ID/)
  vi.stubEnv('AWS_ACCESS_KEY_ID', S3_CREDENTIALS.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', S3_CREDENTIALS.secretAccessKey)
  const store = await connectStore(bare)
  await store.set('a', 1)
  expect(await store.get('a')).toBe(1)
})

test.each<[string, Partial<Record<keyof Config, unknown>>]>([
  ['bucket', { bucket: 'a' }],
  ['region', { region: 'EU' }],
  ['endpoint', { endpoint: 'http://user:wrong-secret@127.0.0.1/' }],
  ['endpoint', { endpoint: 'ftp://127.0.0.1/wrong-secret' }],
  ['credentials', { credentials: 'wrong-secret' }],
  ['credentials.secretAccessKey', { credentials: { accessKeyId: 'a', secretAccessKey: 'wrong-secret\u00e9' } }],
  ['credentials.sessionToken', { credentials: { ...S3_CREDENTIALS, sessionToken: 5 } }],
  ['prefix', { prefix: 'a//b' }],
  ['prefix', { prefix: '../a' }],
  ['prefix', { prefix: 'a/' }],
  ['style', { style: 'other' }],
  ['timeout', { timeout: 0 }],
])('a wrong %s is INVALID_CONFIG and shows no secret: %o', async (path, fields) => {
  const config = { ...configAt(service.url), ...fields } as Config
  const error = await expectError(
    Promise.resolve().then(() => validateStoreConfig(config)),
    'INVALID_CONFIG',
  )
  expect(error.message).toContain(`${path}: expected`)
})

/** Fails with that code, and shows no secret however it is looked at. */
async function expectError(failing: unknown, code: string): Promise<KonserveError> {
  const error: unknown = await Promise.resolve(failing).then(
    () => expect.fail('nothing failed'),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(KonserveError)
  expect((error as KonserveError).code).toBe(code)
  const shown = inspect(error, { depth: Infinity, showHidden: true })
  for (const secret of SECRETS) expect(shown).not.toContain(secret)
  return error as KonserveError
}

function refusal(status: number, code: string): Exclude<Awaited<ReturnType<Fault>>, 'lost'> {
  return { status, body: `<Error><Code>${code}</Code><Message>No.</Message><RequestId>R-1</RequestId></Error>` }
}
