import { expect, test } from 'vitest'
import type { Notice } from '../../src/base/backend.ts'
import { Watchers } from '../../src/engine/watchers.ts'

const notice = (type: 'set' | 'delete'): Notice => ({ type, name: 'sk', key: 'k' })

test('what a watcher writes while it is told comes after that for every watcher', () => {
  const watchers = new Watchers()
  const heard: string[] = []
  watchers.add(({ type }) => {
    heard.push(`first ${type}`)
    if (type === 'set') watchers.tell([notice('delete')])
  })
  watchers.add(({ type }) => heard.push(`second ${type}`))
  watchers.tell([notice('set')])
  expect(heard).toEqual(['first set', 'second set', 'first delete', 'second delete'])
})

test('a watcher that ends another is the last one to be told', () => {
  const watchers = new Watchers()
  const heard: string[] = []
  watchers.add(() => {
    heard.push('first')
    end()
  })
  const end = watchers.add(() => heard.push('second'))
  watchers.tell([notice('set')])
  expect(heard).toEqual(['first'])
})

test('a watcher that adds another is not told through that one too', () => {
  const watchers = new Watchers()
  let told = 0
  const watcher = (): void => {
    told++
    watchers.add(watcher)
  }
  watchers.add(watcher)
  watchers.tell([notice('set')])
  expect(told).toBe(1)
})

test('one function that watches twice ends once at a time', () => {
  const watchers = new Watchers()
  let told = 0
  const watcher = (): void => void told++
  const end = watchers.add(watcher)
  watchers.add(watcher)
  end()
  end()
  watchers.tell([notice('set')])
  expect(told).toBe(1)
})

test('a watcher that throws ends the telling, not the later ones', () => {
  const watchers = new Watchers()
  const heard: string[] = []
  const end = watchers.add(() => {
    throw new Error('no')
  })
  expect(() => watchers.tell([notice('set')])).toThrow('no')
  end()
  watchers.add(({ type }) => heard.push(type))
  watchers.tell([notice('delete')])
  expect(heard).toEqual(['delete'])
})
