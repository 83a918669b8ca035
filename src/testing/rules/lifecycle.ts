import { findBackend } from '../../base/backend.ts'
import { InvalidConfigError } from '../../base/errors.ts'
import { equal, fails, ok, outcome } from '../assert.ts'
import type { Rule } from '../rule.ts'

const OTHER_ID = '7d444840-9dc0-41d1-b245-5ffdce74fad2'

export const lifecycleRules: readonly Rule[] = [
  {
    name: 'missing-id',
    title: 'A config without an id is refused',
    fault: 'a random id stands in for a missing one',
    async run({ place, connect, create, exists, remove, lifecycle }) {
      for (const id of [undefined, null]) {
        const config = { ...place(), id: id as unknown as string }
        for (const call of [connect, create, exists, remove, lifecycle.validateStoreConfig]) {
          await fails(async () => call(config), 'MISSING_ID', `a config with the id ${id}`)
        }
      }
    },
  },
  {
    name: 'invalid-id',
    title: 'An id that is no UUID string is refused',
    fault: 'any other id is taken too',
    async run({ place, connect, create, exists, remove, lifecycle }) {
      for (const id of ['', 'mine', '5f0c6c0e', 17, {}]) {
        const config = { ...place(), id: id as unknown as string }
        for (const call of [connect, create, exists, remove, lifecycle.validateStoreConfig]) {
          await fails(async () => call(config), 'INVALID_ID', `the id ${JSON.stringify(id)}`)
        }
      }
    },
  },
  {
    name: 'id-without-case',
    title: 'An id in upper case is the same id',
    fault: 'ids are compared as they are written',
    async run({ store, config, connect }) {
      const again = await connect({ ...config, id: config.id.toUpperCase() }, { create: false })
      equal(again.id, store.id, 'the id of a store')
      equal(store.id, config.id.toLowerCase(), 'the id of a store')
    },
  },
  {
    name: 'config-issues-by-path',
    title: 'A wrong config is refused with the path of each wrong field',
    fault: 'unknown fields of a config are ignored',
    async run({ place, connect, lifecycle }) {
      const config = { ...place(), unknownField: 1, another: {} }
      const error = await fails(() => connect(config), 'INVALID_CONFIG', 'unknown fields')
      ok(error instanceof InvalidConfigError, 'the error is an InvalidConfigError')
      const paths = (error as InvalidConfigError).issues.map(({ path }) => path)
      equal(paths.toSorted(), ['another', 'unknownField'], 'the paths of the issues')
      await fails(async () => lifecycle.validateStoreConfig(config), 'INVALID_CONFIG', 'validateStoreConfig')
    },
  },
  {
    name: 'validate-answers-config',
    title: 'validateStoreConfig answers at once with the config that it was given',
    fault: 'validateStoreConfig answers true',
    async run({ config, lifecycle }) {
      ok(lifecycle.validateStoreConfig(config) === config, 'the answer is the config')
    },
  },
  {
    name: 'unknown-backend',
    title: 'An unknown backend is refused, naming those that are known',
    fault: 'an unknown backend is replaced by a memory store',
    async run({ place, connect, create, exists, config }) {
      const unknown = { ...place(), backend: 'no-such-backend' }
      for (const call of [connect, create, exists]) {
        const { message } = await fails(() => call(unknown), 'UNKNOWN_BACKEND', 'an unknown backend')
        ok(message.includes(`"${config.backend}"`), `the message names the registered backends: ${message}`)
      }
    },
  },
  {
    name: 'connect-creates',
    title: 'connectStore creates a store that does not exist yet',
    fault: 'connectStore only opens what is there',
    async run({ place, connect }) {
      const store = await connect(place())
      await store.set('k', 1)
      equal(await store.get('k'), 1, 'a value in the new store')
    },
  },
  {
    name: 'connect-create-false',
    title: 'connectStore with { create: false } refuses to create a store',
    fault: '{ create: false } is ignored',
    async run({ place, connect }) {
      const config = place()
      for (let i = 0; i < 2; i++) {
        await fails(
          () => connect(config, { create: false }),
          'STORE_NOT_FOUND',
          'connecting to a store that is not there',
        )
      }
    },
  },
  {
    name: 'config-opts',
    title: "A config's opts are defaults for the lifecycle calls",
    fault: 'the opts of a config are ignored',
    async run({ place, connect }) {
      const config = { ...place(), opts: { create: false } }
      await fails(() => connect(config), 'STORE_NOT_FOUND', 'connecting with opts in the config')
    },
  },
  {
    name: 'create-refuses-existing',
    title: 'createStore refuses a store that exists, open or not',
    fault: 'createStore opens the closed store that it finds',
    async run({ store, config, create, release }) {
      await fails(() => create(config), 'STORE_EXISTS', 'creating a store that is open')
      await release(store)
      await fails(() => create(config), 'STORE_EXISTS', 'creating a store that is closed')
    },
  },
  {
    name: 'create-race',
    title: 'Of 16 createStore calls at once exactly one wins',
    fault: 'createStore looks whether there is a store, and then opens it',
    async run({ place, create }) {
      const config = place()
      const outcomes = await Promise.all(Array.from({ length: 16 }, () => outcome(create(config))))
      const codes = outcomes.map((each) => ('error' in each ? (each.error as { code?: string }).code : 'created'))
      const count = (code: string): number => codes.filter((each) => each === code).length
      equal([count('created'), count('STORE_EXISTS')], [1, 15], 'the winners, and those who came late')
    },
  },
  {
    name: 'store-id-mismatch',
    title: "A store is not opened, looked at or deleted under another store's id",
    fault: 'a store is opened whatever id it has',
    applies: (_, { addressable }) => addressable === true,
    async run({ store, config, connect, exists, remove, release }) {
      await release(store)
      const other = { ...config, id: OTHER_ID }
      for (const call of [connect, exists, remove]) {
        await fails(() => call(other), 'STORE_ID_MISMATCH', "another store's id")
      }
      await connect(config, { create: false })
      await fails(() => connect(other), 'STORE_ID_MISMATCH', "another store's id while the store is open")
    },
  },
  {
    name: 'handles-share-data',
    title: 'What one handle writes, the other handles read',
    fault: 'a handle keeps what it has read until it writes itself',
    async run({ store, connect }) {
      const other = await connect()
      await store.set('k', 1)
      equal(await other.get('k'), 1, 'the value through the other handle')
      await store.set('k', 2)
      equal(await other.get('k'), 2, 'the new value through the other handle')
    },
  },
  {
    name: 'release-idempotent',
    title: 'Releasing a store twice does no harm, to other handles neither',
    fault: 'the second release fails',
    async run({ store, connect, release }) {
      const other = await connect()
      await release(store)
      await release(store)
      await other.set('k', 1)
    },
  },
  {
    name: 'released-store-refuses',
    title: 'Every call on a released store is refused',
    fault: 'a released store answers has with false',
    async run({ store, release }) {
      await release(store)
      const calls: readonly (() => unknown)[] = [
        () => store.get('k'),
        () => store.has('k'),
        () => store.getMeta('k'),
        () => store.update('k', () => 1),
        () => store.delete('k'),
        () => store.getMany(['k']),
        () => store.setMany([['k', 1]]),
        () => store.append('k', 1),
        () => store.log('k'),
        () => store.setBinary('k', new Uint8Array(1)),
        () => store.getBinary('k'),
        () => store.clear(),
        () => store.watch({}, () => undefined),
        () => store.flush(),
      ]
      for (const call of calls) await fails(async () => call(), 'STORE_RELEASED', String(call))
    },
  },
  {
    name: 'release-lets-calls-finish',
    title: 'Calls that are under way when a store is released finish',
    fault: 'a release ends the writes under way with an error',
    mode: 'async',
    async run({ store, connect, release }) {
      const other = await connect()
      const writes = Array.from({ length: 10 }, (_, i) => store.set(`k${i}`, i))
      await release(store)
      await Promise.all(writes)
      for (let i = 0; i < 10; i++) equal(await other.get(`k${i}`), i, 'a value written during the release')
    },
  },
  {
    name: 'release-checks-config',
    title: "A store is not released with another store's config",
    fault: 'releaseStore does not look at the config',
    async run({ store, place, create, release }) {
      const other = place()
      await create(other)
      await fails(() => release(store, other), 'INVALID_CONFIG', "another store's config")
      await store.set('k', 1)
    },
  },
  {
    name: 'store-outlives-handles',
    title: 'What was written is there when a released store is connected again',
    fault: 'the last handle empties the store',
    async run({ store, connect, release }) {
      await store.set('k', { a: [1] })
      await release(store)
      const again = await connect()
      equal(await again.get('k'), { a: [1] }, 'the value after connecting again')
    },
  },
  {
    name: 'delete-store',
    title: 'deleteStore removes the store with all that it holds',
    fault: 'deleteStore leaves the store as it is',
    async run({ store, config, remove, create }) {
      await store.set('k', 1)
      await store.append('log', 1)
      await remove(config)
      const anew = await create(config)
      ok(!(await anew.has('k')) && !(await anew.has('log')), 'the store that is made in its place is empty')
    },
  },
  {
    name: 'delete-store-idempotent',
    title: 'deleteStore does nothing where no store is',
    fault: 'deleteStore fails where no store is',
    async run({ place, remove, create }) {
      const config = place()
      await remove(config)
      await create(config)
      await remove(config)
      await remove(config)
    },
  },
  {
    name: 'delete-store-releases',
    title: 'deleteStore releases every handle on the store',
    fault: 'a handle on a deleted store takes writes into nowhere',
    async run({ store, config, connect, remove }) {
      const other = await connect()
      await remove(config)
      await fails(async () => store.set('k', 1), 'STORE_RELEASED', 'a write through a handle on a deleted store')
      await fails(async () => other.get('k'), 'STORE_RELEASED', 'a read through a handle on a deleted store')
    },
  },
  {
    name: 'store-exists',
    title: 'storeExists tells whether there is a store, and creates none',
    fault: 'storeExists always says yes',
    async run({ place, config, exists, create }) {
      equal(await exists(config), true, 'storeExists of an open store')
      const absent = place()
      equal(await exists(absent), false, 'storeExists of no store')
      await create(absent)
    },
  },
  {
    name: 'config-shown',
    title: 'A store shows its id and config',
    fault: 'the config that a store shows is empty',
    async run({ store, config }) {
      equal(store.config.backend, config.backend, 'the backend in store.config')
      equal(store.config.id, store.id, 'the id in store.config')
    },
  },
  {
    name: 'config-hides-secrets',
    title: 'No password or key of a config is shown',
    fault: 'the password is left in the config that a store shows',
    applies: (_, { secrets }) => secrets !== undefined,
    async run({ store, config, target, connect }) {
      const shown = JSON.stringify(store.config)
      const error = await fails(() => connect({ ...config, unknownField: 1 }), 'INVALID_CONFIG', 'an unknown field')
      for (const secret of target.secrets ?? []) {
        ok(!shown.includes(secret), 'store.config does not have the secret')
        ok(!error.message.includes(secret), 'an error does not have the secret')
      }
    },
  },
  {
    name: 'capabilities',
    title: "A store's capabilities are complete, and are what the backend announced",
    fault: 'one of the capabilities has a value that does not exist',
    async run({ store, config }) {
      const { sync, atomicUpdate, atomicBatch, persistent, lock, watch, serializer = 'cbor' } = store.capabilities
      ok([true, false, 'resident'].includes(sync), 'sync is a boolean or "resident"')
      ok(['process', 'origin', 'host', 'everywhere'].includes(atomicUpdate), 'atomicUpdate is one of its values')
      ok(['process', 'origin', 'host', 'everywhere'].includes(watch), 'watch is one of its values')
      ok(atomicBatch === Infinity || (Number.isInteger(atomicBatch) && atomicBatch >= 0), 'atomicBatch is a count')
      ok(typeof persistent === 'boolean', 'persistent is a boolean')
      ok(lock === 'process' || lock === 'origin', 'lock is one of its values')
      ok(['cbor', 'structured-clone'].includes(serializer), 'serializer is one of its values')
      ok(findBackend(config.backend) !== undefined, 'the backend is registered')
    },
  },
  {
    name: 'async-dispose',
    title: 'Disposing of a store releases it',
    fault: 'disposing does nothing',
    applies: () => Symbol.asyncDispose !== undefined,
    async run({ connect }) {
      const store = await connect()
      await store[Symbol.asyncDispose]()
      await fails(async () => store.set('k', 1), 'STORE_RELEASED', 'a call after disposing')
    },
  },
]
