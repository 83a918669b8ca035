import { equal, fails } from '../assert.ts'
import type { Rule } from '../rule.ts'

const document = (): object => ({
  list: [{ x: 1 }, 2],
  map: new Map<unknown, unknown>([[1, { y: 2 }]]),
  7: 'seven',
  text: 'text',
})

export const pathRules: readonly Rule[] = [
  {
    name: 'get-in',
    title: 'getIn walks objects, arrays and Maps, and gives the default for every path that leads nowhere',
    fault: 'getIn fails on its way through what has nothing inside',
    async run({ store }) {
      await store.set('k', document())
      const paths = [
        [['list', 0, 'x'], 1],
        [['list', 1], 2],
        [['map', 1, 'y'], 2],
        [[7], 'seven'],
      ] as const
      for (const [path, value] of paths)
        equal(await store.getIn(['k', ...path]), value, `getIn ${JSON.stringify(path)}`)
      equal(await store.getIn(['k']), document(), 'getIn of the key alone')
      for (const path of [['none'], ['list', 9], ['list', 'x'], ['map', '1'], ['text', 'x'], ['none', 'deep']]) {
        equal(await store.getIn(['k', ...path], { default: 'd' }), 'd', `getIn ${JSON.stringify(path)}`)
      }
      equal(await store.getIn(['missing', 'a'], { default: 'd' }), 'd', 'getIn of a missing key')
    },
  },
  {
    name: 'paths-see-own-properties',
    title: 'Paths see own properties only, and __proto__ is a property like any other',
    fault: 'getIn sees inherited properties',
    async run({ store }) {
      await store.set('k', {})
      for (const inherited of ['constructor', 'toString', '__proto__']) {
        equal(await store.getIn(['k', inherited], { default: 'd' }), 'd', `getIn of ${inherited}`)
      }
      await store.setIn(['k', '__proto__', 'polluted'], true)
      equal(({} as { polluted?: boolean }).polluted, undefined, 'a property of every object')
    },
  },
  {
    name: 'set-in-makes-containers',
    title: 'setIn makes missing containers: arrays for numbers, else objects',
    fault: 'a missing container is always an object',
    async run({ store }) {
      await store.setIn(['k', 0, 'a', 0], 1)
      equal(await store.get('k'), [{ a: [1] }], 'the value')
      await store.setIn(['k', 1], 'appended')
      equal(await store.get('k'), [{ a: [1] }, 'appended'], 'the value')
      await store.setIn(['o', 'x', 'y'], 1)
      equal(await store.get('o'), { x: { y: 1 } }, 'the value')
    },
  },
  {
    name: 'set-in-keeps-the-rest',
    title: 'setIn changes what is at its path in objects, arrays and Maps and nothing else',
    fault: 'setIn in a Map replaces it by an object',
    async run({ store }) {
      await store.set('k', document())
      await store.setIn(['k', 'list', 0, 'x'], 10)
      await store.setIn(['k', 'map', 2], 20)
      await store.setIn(['k', 'added'], 30)
      const expected = {
        ...document(),
        list: [{ x: 10 }, 2],
        added: 30,
        map: new Map<unknown, unknown>([
          [1, { y: 2 }],
          [2, 20],
        ]),
      }
      equal(await store.get('k'), expected, 'the value')
    },
  },
  {
    name: 'paths-answer-whole-values',
    title: 'setIn, updateIn and deleteIn answer with the whole old and new values',
    fault: 'setIn answers with what is at the path',
    async run({ store }) {
      equal(await store.setIn(['k', 'a'], 1), [undefined, { a: 1 }], 'the answer of setIn')
      equal(await store.updateIn(['k', 'a'], (n: number) => n + 1), [{ a: 1 }, { a: 2 }], 'the answer of updateIn')
      equal(await store.deleteIn(['k', 'a']), [{ a: 2 }, {}], 'the answer of deleteIn')
    },
  },
  {
    name: 'update-in',
    title: 'updateIn gives its function what is at the path, undefined if nothing is',
    fault: 'the function of updateIn gets null for nothing',
    async run({ store }) {
      const given: unknown[] = []
      for (let i = 1; i <= 2; i++) {
        await store.updateIn(['k', 'a'], (old) => {
          given[i - 1] = old
          return i
        })
      }
      equal(given, [undefined, 1], 'what the function was given')
      equal(await store.get('k'), { a: 2 }, 'the value')
    },
  },
  {
    name: 'delete-in',
    title: 'deleteIn removes a property, an element or an entry, and nothing if nothing is there',
    fault: 'deleteIn leaves undefined in the place of an element',
    async run({ store }) {
      await store.set('k', { list: [1, 2, 3], map: new Map([['m', 1]]), a: 1 })
      await store.deleteIn(['k', 'list', 1])
      await store.deleteIn(['k', 'map', 'm'])
      await store.deleteIn(['k', 'a'])
      await store.deleteIn(['k', 'none', 'deep'])
      equal(await store.get('k'), { list: [1, 3], map: new Map() }, 'the value')
    },
  },
  {
    name: 'path-of-a-key-alone',
    title: 'A path of a key alone is the whole value: deleteIn deletes the entry',
    fault: 'deleteIn of a key alone leaves undefined as its value',
    async run({ store }) {
      await store.setIn(['k'], 1)
      equal(await store.get('k'), 1, 'the value')
      await store.deleteIn(['k'])
      equal(await store.has('k'), false, 'has after deleteIn')
    },
  },
  {
    name: 'invalid-path',
    title: 'A write through what is no container, or past the end of an array, is refused and changes nothing',
    fault: 'setIn replaces what is in the way of its path',
    async run({ store }) {
      const value = { list: [1], text: 'text', nothing: null }
      await store.set('k', value)
      for (const path of [
        ['list', 2],
        ['list', 'x'],
        ['list', -1],
        ['text', 'x'],
        ['nothing', 'x'],
        ['list', 0, 'x'],
      ]) {
        await fails(async () => store.setIn(['k', ...path], 1), 'INVALID_PATH', `setIn ${JSON.stringify(path)}`)
        await fails(
          async () => store.updateIn(['k', ...path], () => 1),
          'INVALID_PATH',
          `updateIn ${JSON.stringify(path)}`,
        )
      }
      await fails(async () => store.deleteIn(['k', 'text', 'x']), 'INVALID_PATH', 'deleteIn')
      equal(await store.get('k'), value, 'the value')
    },
  },
]
