import fc from 'fast-check'
import type { WritePolicy } from '../../src/base/backend.ts'
import { KEYS, KINDS, type Scenario, type Step } from './history.ts'

const OWN: readonly Step['kind'][] = KINDS.filter((kind) => !kind.startsWith('foreign'))
const PASSING: readonly WritePolicy[] = ['write-through', 'write-around']
const POLICIES: readonly WritePolicy[] = [...PASSING, 'write-behind', 'frontend-only']

/** What of a scenario is given. */
export type Given = Partial<Omit<Scenario, 'lots' | 'steps'>> & {
  readonly isMixed?: boolean
  readonly kinds?: readonly Step['kind'][]
}

export function scenarios(given: Given = {}): fc.Arbitrary<Scenario> {
  const { writePolicy, isMixed, tells, negative, isFrontLate, isFrontPersistent, maxEntries, isNested, faults } = given
  return fc
    .record({
      writePolicy: either(writePolicy, fc.constantFrom(...POLICIES)),
      isMixed: either(isMixed, fc.boolean()),
      tells: either(tells, fc.constantFrom('all', 'answered', 'nothing')),
    })
    .chain((chosen) =>
      fc.record({
        writePolicy: fc.constant(chosen.writePolicy),
        tells: fc.constant(chosen.tells),
        negative: either(negative, fc.boolean()),
        isFrontLate: either(isFrontLate, fc.boolean()),
        isFrontPersistent: either(isFrontPersistent, fc.boolean()),
        maxEntries: either(maxEntries, fc.constantFrom(undefined, 1, 2)),
        isNested: either(isNested, fc.boolean()),
        faults: either(faults, fc.nat(4)),
        lots: fc.array(fc.nat(1000), { minLength: 40, maxLength: 200 }),
        steps: steps(chosen, given.kinds),
      }),
    )
}

/**
 * Who else writes to the back is seen at once only where nothing waits for it; and what stays in front, or waits, is chosen by
 * calls only where nobody else writes.
 */
function steps(
  { writePolicy, isMixed, tells }: Pick<Scenario, 'writePolicy' | 'tells'> & { isMixed: boolean },
  given?: readonly Step['kind'][],
): fc.Arbitrary<Step[]> {
  const mayBeForeign = PASSING.includes(writePolicy) && !isMixed && tells !== 'nothing'
  const own =
    isMixed && writePolicy !== 'frontend-only' ? fc.constantFrom(undefined, ...POLICIES) : fc.constant(undefined)
  return fc.array(
    fc.record({
      kind: fc.constantFrom(...(given ?? (mayBeForeign ? KINDS : OWN))),
      key: fc.nat(KEYS.length - 1),
      writePolicy: own,
      waits: fc.boolean(),
    }),
    { minLength: 1, maxLength: 24 },
  )
}

function either<T>(given: T | undefined, otherwise: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return given === undefined ? otherwise : fc.constant(given)
}
