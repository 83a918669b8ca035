import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SortedNames } from '../../src/engine/sorted-names.ts'

test('pages give the names of the map in order, whatever came, left and came again', () => {
  const name = fc.stringMatching(/^[a-c~]{1,3}$/)
  const op = fc.record({ set: fc.boolean(), name })
  const listing = fc.record({
    prefix: fc.constantFrom('', 'a', 'ab', '~', 'c'),
    after: fc.option(name, { nil: undefined }),
    limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    reverse: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(fc.oneof(op, listing), { maxLength: 40 }), (steps) => {
      const map = new Map<string, number>()
      const names = new SortedNames(map)
      for (const step of steps) {
        if ('prefix' in step) {
          expect(pages(names, step)).toEqual(expected(map, step))
        } else if (step.set) {
          if (!map.has(step.name)) names.changed()
          map.set(step.name, 1)
        } else {
          map.delete(step.name)
        }
      }
    }),
  )
})

test('a listing goes on from where it was while names leave', () => {
  const map = new Map(Array.from({ length: 10 }, (_, i) => [`k${i}`, i]))
  const names = new SortedNames(map)
  names.changed()
  const first = names.page({ limit: 4 })
  for (const name of [...first.names, 'k5']) map.delete(name)
  expect(names.page({ after: first.next, limit: 4 }).names).toEqual(['k4', 'k6', 'k7', 'k8'])
})

interface Listing {
  prefix: string
  after: string | undefined
  limit: number | undefined
  reverse: boolean
}

function pages(names: SortedNames, listing: Listing): string[] {
  const found: string[] = []
  let { after } = listing
  do {
    const page = names.page({ ...listing, after })
    expect(page.names.length).toBeLessThanOrEqual(listing.limit ?? Infinity)
    found.push(...page.names)
    after = page.next
  } while (after !== undefined)
  return found
}

function expected(map: Map<string, number>, { prefix, after, reverse }: Listing): string[] {
  const names = [...map.keys()]
    .filter((name) => name.startsWith(prefix) && (prefix !== '' || !name.startsWith('~')))
    .sort()
  if (reverse) names.reverse()
  return names.filter((name) => after === undefined || (reverse ? name < after : name > after))
}
