import type { AnyConfig } from '../../base/backend.ts'
import type { Store } from '../../store/types.ts'
import { KonserveError } from '../../base/errors.ts'
import { isPromise } from '../../base/promise-or-value.ts'
import { collect, equal, fails, ok, outcome, wait } from '../assert.ts'
import type { Rule } from '../rule.ts'

export const callRules: readonly Rule[] = [
  {
    name: 'async-calls-answer-promises',
    title: 'Without { sync: true } every call answers with a promise, and its errors are rejections',
    fault: 'a call with an invalid key throws in place of rejecting',
    mode: 'async',
    async run({ store }) {
      for (const [name, call] of methodCalls(store, {})) {
        const answer = call()
        ok(isPromise(answer), `${name} answers with a promise`)
        await answer
      }
      for (const call of [() => store.get(Infinity), () => store.set(Infinity, 1), () => store.delete(Infinity)]) {
        const answer = call()
        ok('error' in (await outcome<unknown>(answer)), 'the promise is rejected')
      }
    },
  },
  {
    name: 'sync-calls-answer-values',
    title: 'With { sync: true } every call answers with the value itself',
    fault: 'has answers with a promise even so',
    mode: 'sync',
    async run({ store, config, lifecycle }) {
      for (const [name, call] of methodCalls(store, { sync: true }))
        ok(!isPromise(call()), `${name} answers with the value`)
      const opts = { sync: true }
      const handle = lifecycle.connectStore(config, opts)
      ok(!isPromise(handle), 'connectStore answers with the store')
      ok(!isPromise(lifecycle.releaseStore(config, handle as Store, opts)), 'releaseStore answers at once')
      ok(!isPromise(lifecycle.storeExists(config, opts)), 'storeExists answers with a boolean')
    },
  },
  {
    name: 'sync-unsupported',
    title: 'Where the engine is asynchronous a synchronous call is refused, naming the way out',
    fault: 'a synchronous call answers with a promise where the engine is asynchronous',
    mode: 'async',
    applies: ({ sync }) => sync === false,
    async run({ store, config, lifecycle }) {
      for (const call of [() => store.get('k', { sync: true }), () => store.set('k', 1, { sync: true })]) {
        const { message } = await fails(call, 'SYNC_UNSUPPORTED', 'a synchronous call')
        ok(message.includes('tiered'), 'the message names the tiered backend')
      }
      await fails(() => lifecycle.connectStore(config, { sync: true }), 'SYNC_UNSUPPORTED', 'connecting synchronously')
    },
  },
  {
    name: 'sync-resident',
    title: 'In front of an asynchronous engine synchronous calls are answered by the front or refused',
    fault: 'a synchronous read of what is not in memory answers undefined',
    mode: 'async',
    applies: ({ sync }) => sync === 'resident',
    async run({ store, connect, release }) {
      await store.set('k', 1)
      await store.get('k')
      await release(store)
      const again = await connect()
      const { writePolicy, frontendConfig } = again.config as { writePolicy?: string; frontendConfig?: AnyConfig }
      if (frontendConfig?.backend === 'memory') {
        await fails(async () => again.get('k', { sync: true }), 'NOT_RESIDENT', 'a synchronous read before any other')
      }
      equal(await again.get('k'), 1, 'the value')
      equal(again.get('k', { sync: true }), 1, 'the value, read synchronously')
      if (writePolicy !== 'write-behind') {
        await fails(async () => again.set('k', 2, { sync: true }), 'SYNC_UNSUPPORTED', 'a synchronous write')
        return
      }
      again.set('k', 2, { sync: true })
      equal(again.get('k', { sync: true }), 2, 'the value, written synchronously')
      await again.flush()
      equal(await again.get('k'), 2, 'the value, which the back has by now')
    },
  },
  {
    name: 'busy',
    title: 'A synchronous call on a key with asynchronous work under way sees that done, or is refused',
    fault: 'a synchronous read does not look whether the key is busy',
    mode: 'async',
    applies: ({ sync }) => sync === true,
    async run({ store }) {
      await store.set('k', 'old')
      const written = store.set('k', 'new')
      const read = await outcome(attempt(() => store.get('k', { sync: true })))
      if ('error' in read) equal((read.error as KonserveError).code, 'BUSY', 'the code of the error')
      else equal(read.value, 'new', 'the value')
      await written
      equal(store.get('k', { sync: true }), 'new', 'the value when nothing is under way')
    },
  },
  {
    name: 'aborted-signal',
    title: 'A call with an aborted signal fails with its reason and does nothing',
    fault: 'set does not look at its signal',
    async run({ store }) {
      await store.set('k', 1)
      const reason = new Error('aborted')
      const options = { signal: AbortSignal.abort(reason) }
      const calls = [
        () => store.set('k', 2, options),
        () => store.update('k', () => 2, options),
        () => store.delete('k', options),
        () => store.get('k', options),
        () => store.append('log', 1, options),
        () => store.setMany([['k', 2]], options),
        () => collect(store.keys(options)),
      ]
      for (const call of calls) {
        ok(
          (await fails(async () => call(), undefined, String(call))) === (reason as unknown),
          `the error of ${String(call)} is the reason`,
        )
      }
      equal(await store.get('k'), 1, 'the value')
    },
  },
  {
    name: 'aborted-while-waiting',
    title: 'A call that is aborted while it waits for its key has no effect, and those behind it go on',
    fault: 'an aborted call is only no longer waited for',
    mode: 'async',
    async run({ store }) {
      const controller = new AbortController()
      const reason = new Error('aborted')
      const push = (element: string) => (old: string[] | undefined) => [...(old ?? []), element]
      const first = store.update('k', push('a'))
      const second = outcome(store.update('k', push('b'), { signal: controller.signal }))
      const third = store.update('k', push('c'))
      controller.abort(reason)
      await Promise.all([first, third])
      const aborted = await second
      if ('error' in aborted) ok(aborted.error === reason, 'the error is the reason')
      equal(await store.get('k'), 'error' in aborted ? ['a', 'c'] : ['a', 'b', 'c'], 'the value')
    },
  },
  {
    name: 'errors-have-code-and-key',
    title: 'Errors are KonserveErrors with a code, a name, the key and a message',
    fault: 'the error of a deleteIn has no key',
    async run({ store }) {
      await store.set('k', 'text')
      const error = await fails(async () => store.deleteIn(['k', 'a']), 'INVALID_PATH', 'deleteIn in a text')
      ok(error instanceof KonserveError && error instanceof Error, 'the error is a KonserveError')
      equal([error.name, error.key], ['InvalidPathError', 'k'], 'the name and the key')
      ok(error.message.length > 20, 'the message is a sentence')
    },
  },
  {
    name: 'lock-excludes',
    title: 'Only one withLock of a key runs at a time, through whatever handle',
    fault: 'withLock excludes only the calls of its own handle',
    mode: 'async',
    async run({ store, connect }) {
      const other = await connect()
      let inside = 0
      let most = 0
      const task = async (): Promise<void> => {
        most = Math.max(most, ++inside)
        await wait(1)
        inside--
      }
      await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? store : other).withLock('k', task)))
      equal(most, 1, 'the most that ran at once')
      equal(
        await Promise.all([store.withLock('a', () => 1), store.withLock('b', async () => 2)]),
        [1, 2],
        'the answers',
      )
    },
  },
  {
    name: 'lock-leaves-the-key-usable',
    title: 'Inside withLock the key can be read and written',
    fault: 'inside withLock writes of the key are refused',
    mode: 'async',
    async run({ store }) {
      await store.withLock('k', async () => {
        await store.set('k', 1)
        await store.update('k', (n: number) => n + 1)
      })
      equal(await store.get('k'), 2, 'the value')
    },
  },
  {
    name: 'lock-ends-with-an-error',
    title: 'withLock fails with the error of its function, and lets the lock go',
    fault: 'a lock whose function has thrown stays',
    mode: 'async',
    async run({ store }) {
      const thrown = new Error('thrown')
      const failing = store.withLock('k', () => {
        throw thrown
      })
      ok((await fails(() => failing, undefined, 'withLock')) === (thrown as unknown), 'the error is its own')
      const next = await store.withLock('k', () => 'next', { signal: AbortSignal.timeout(2000) })
      equal(next, 'next', 'the answer of the next')
    },
  },
  {
    name: 'lock-signal',
    title: 'Waiting for a lock ends with the reason of an aborted signal',
    fault: 'withLock does not look at its signal',
    mode: 'async',
    async run({ store }) {
      const controller = new AbortController()
      const reason = new Error('aborted')
      let release = (): void => undefined
      const held = new Promise<void>((resolve) => (release = resolve))
      const holder = store.withLock('k', () => held)
      const waiting = outcome(store.withLock('k', () => 'ran', { signal: controller.signal }))
      await wait(5)
      controller.abort(reason)
      await wait(5)
      release()
      await holder
      const ended = await waiting
      ok('error' in ended && ended.error === reason, 'the one that waited failed with the reason')
    },
  },
]

/** Every method once, on keys of its own. */
function methodCalls(store: Store, options: { readonly sync?: true }): [string, () => unknown][] {
  return [
    ['set', () => store.set('v', { a: 1 }, options)],
    ['get', () => store.get('v', options)],
    ['has', () => store.has('v', options)],
    ['getMeta', () => store.getMeta('v', options)],
    ['update', () => store.update('v', (old) => old, options)],
    ['getIn', () => store.getIn(['v', 'a'], options)],
    ['setIn', () => store.setIn(['v', 'a'], 1, options)],
    ['updateIn', () => store.updateIn(['v', 'a'], () => 1, options)],
    ['deleteIn', () => store.deleteIn(['v', 'a'], options)],
    ['getMany', () => store.getMany(['v'], options)],
    ['setMany', () => store.setMany([['v', 1]], options)],
    ['deleteMany', () => store.deleteMany(['none'], options)],
    ['batch', () => store.batch([{ delete: 'none' }], options)],
    ['append', () => store.append('l', 1, options)],
    ['log', () => store.log('l', options)],
    ['reduceLog', () => store.reduceLog('l', (n) => n, 0, options)],
    ['setBinary', () => store.setBinary('b', new Uint8Array(1), options)],
    ['getBinary', () => store.getBinary('b', options)],
    ['delete', () => store.delete('v', options)],
    ['clear', () => store.clear(options)],
    ['flush', () => store.flush(options)],
  ]
}

async function attempt<T>(fn: () => T): Promise<Awaited<T>> {
  return await fn()
}
