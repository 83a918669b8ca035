import { collect, equal, ok, outcome } from '../assert.ts'
import type { Rule } from '../rule.ts'

interface Document {
  list: unknown[]
}

const document = (): Document => ({ list: [1, { x: 1 }] })
/** Change a value, unless it is frozen: then nobody can. */
function change(value: unknown): void {
  const { list } = value as Document
  if (!Object.isFrozen(list)) list.push('changed')
}

export const isolationRules: readonly Rule[] = [
  {
    name: 'arguments-are-isolated',
    title: 'Changing a value after set was called does not change the store',
    fault: "set keeps the caller's object",
    async run({ store }) {
      const value = document()
      const written = store.set('k', value)
      change(value)
      await written
      equal(await store.get('k'), document(), 'the value, changed before set had settled')
      change(value)
      equal(await store.get('k'), document(), 'the value, changed later')
    },
  },
  {
    name: 'results-are-isolated',
    title: 'Changing what get or getIn answered does not change the store',
    fault: 'get answers twice with the same object',
    async run({ store }) {
      await store.set('k', document())
      for (const read of [() => store.get('k'), () => store.getIn(['k'])]) {
        change(await read())
        equal(await read(), document(), 'the value')
      }
    },
  },
  {
    name: 'update-values-are-isolated',
    title: 'Changing the old or new value of an update does not change the store',
    fault: "update keeps its function's object",
    async run({ store }) {
      let kept: unknown
      const [, after] = await store.update('k', () => (kept = document()))
      change(kept)
      if (after !== kept) change(after)
      equal(await store.get('k'), document(), 'the value')
      const [old] = await store.update('k', (before) => {
        kept = before
        return document()
      })
      change(kept)
      if (old !== kept) change(old)
      equal(await store.get('k'), document(), 'the value')
      const set = document()
      const written = store.setIn(['k'], set)
      change(set)
      await written
      equal(await store.get('k'), document(), 'the value of setIn')
    },
  },
  {
    name: 'failed-updates-are-isolated',
    title: 'What an update function did to the old value before it threw is not seen by the next one',
    fault: 'an update gets the very object that the one before it has changed and not stored',
    async run({ store }) {
      await store.set('k', document())
      const seen: unknown[] = []
      const spoil = (old?: Document): never => {
        seen.push(...(old?.list ?? []))
        if (old) change(old)
        throw new RangeError('no')
      }
      const update = async (): Promise<unknown> => store.update('k', spoil)
      // The first one may run by itself, the others together.
      await Promise.all(Array.from({ length: 4 }, () => outcome(update())))
      ok(!seen.includes('changed'), 'no function sees what another one did')
    },
  },
  {
    name: 'many-values-are-isolated',
    title: 'Changing the values of setMany, batch, getMany or entries does not change the store',
    fault: 'getMany answers twice with the same objects',
    async run({ store }) {
      const [one, two] = [document(), document()]
      const written = [store.setMany([['one', one]]), store.batch([{ set: ['two', two] }])]
      change(one)
      change(two)
      await Promise.all(written)
      for (let i = 0; i < 2; i++) {
        const values = [
          ...(await store.getMany(['one', 'two'])).values(),
          ...(await collect(store.entries())).map(([, value]) => value as unknown),
        ]
        equal(values, Array.from({ length: 4 }, document), 'the values')
        for (const value of values) change(value)
      }
    },
  },
  {
    name: 'metadata-is-isolated',
    title: 'Changing metadata that went in or came out does not change the store',
    fault: 'getMeta answers twice with the same object',
    async run({ store }) {
      const meta = { tags: document() }
      const written = store.set('k', 1, { meta })
      change(meta.tags)
      await written
      for (let i = 0; i < 2; i++) {
        const found = (await store.getMeta('k'))!
        equal(found['tags'], document(), 'the metadata')
        change(found['tags'])
        found.lastWrite.setTime(0)
      }
      equal((await store.getMeta('k'))!.lastWrite.getTime() > 0, true, 'the time of the last write is its own')
    },
  },
  {
    name: 'log-elements-are-isolated',
    title: 'Changing an element of a log that went in or came out does not change the store',
    fault: 'log answers twice with the same elements',
    async run({ store }) {
      const element = document()
      const written = store.append('k', element)
      change(element)
      await written
      for (let i = 0; i < 2; i++) {
        const elements = await store.log('k')
        equal(elements, [document()], 'the elements')
        change(elements[0])
        elements.push(2)
      }
    },
  },
  {
    name: 'binaries-are-isolated',
    title: 'Changing the bytes of a binary that went in or came out does not change the store',
    fault: 'getBinary answers twice with the same bytes',
    async run({ store }) {
      const bytes = new Uint8Array([1, 2, 3])
      const written = store.setBinary('k', bytes)
      bytes.fill(0)
      await written
      const reads = [() => store.getBinary('k'), () => store.getBinary('k', (binary) => binary.bytes())]
      for (const read of [...reads, ...reads]) {
        const found = (await read()) as Uint8Array
        equal(found, new Uint8Array([1, 2, 3]), 'the bytes')
        found.fill(9)
      }
    },
  },
  {
    name: 'keys-are-isolated',
    title: 'Changing a key after a call was made does not change the key of the entry',
    fault: 'the key is looked at only when the write takes its turn',
    async run({ store }) {
      const key: (string | number)[] = ['a', 1]
      const written = store.set(key, 1)
      key[1] = 2
      await written
      key[1] = 3
      equal(await collect(store.keys()), [['a', 1]], 'keys')
      equal((await store.getMeta(['a', 1]))?.key, ['a', 1], 'the key in the metadata')
    },
  },
]
