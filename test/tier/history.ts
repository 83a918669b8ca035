import type { Backend, Call, EntryOp, WritePolicy } from '../../src/base/backend.ts'
import type { Entry, Meta, Name } from '../../src/base/entry.ts'
import { KonserveError } from '../../src/base/errors.ts'
import type { TierOptions, TieredBackend } from '../../src/engine/tier/tier.ts'
import { type Operation as Single, violations } from '../proofs/linearizable.ts'
import { type Lots, World } from './world.ts'

/** The module that is tried: the tier itself, or one with a fault planted in it. */
export interface Subject {
  tieredBackend(front: Backend, back: Backend, options: TierOptions): TieredBackend
}

export const KEYS: readonly Name[] = ['sa', 'sb', 'sc']
export const KINDS = [
  'get',
  'has',
  'set',
  'delete',
  'update',
  'updateNothing',
  'getMany',
  'setMany',
  'list',
  'evict',
  'populate',
  'populateAnew',
  'foreignSet',
  'foreignDelete',
] as const

export interface Step {
  readonly kind: (typeof KINDS)[number]
  readonly key: number
  /** In the place of the tier's own, where that makes sense. */
  readonly writePolicy: WritePolicy | undefined
  /** The one before is answered first. */
  readonly waits: boolean
}

export interface Scenario {
  readonly writePolicy: WritePolicy
  readonly negative: boolean
  readonly isFrontLate: boolean
  readonly isFrontPersistent: boolean
  /** How many entries the front may have, where it can be bounded. */
  readonly maxEntries: number | undefined
  /** Another tier stands between. */
  readonly isNested: boolean
  /** What the back tells of. */
  readonly tells: 'all' | 'answered' | 'nothing'
  readonly faults: number
  /** What chance says, over and over. */
  readonly lots: readonly number[]
  readonly steps: readonly Step[]
}

/** `isListed`: what a listing says of a key. It waits for what came before, and for nothing that comes later. */
type Operation = Single & { readonly isListed?: boolean }

type Write = readonly [name: Name, value: string | undefined]

/** Run a scenario, and say what is wrong with what was seen. */
export async function trial({ tieredBackend }: Subject, scenario: Scenario): Promise<string[]> {
  const { writePolicy, negative, isFrontLate, isFrontPersistent: isPersistent, isNested, faults } = scenario
  const lots = drawn(scenario.lots, faults)
  const world = new World(lots)
  /** What the tier has done to the back, and what its front was told to send there, in order. */
  const sent: Write[] = []
  const promised: Write[] = []
  const { backend: back, raw } = world.backend({
    isLate: true,
    tells: scenario.tells,
    onCall: (method, args) =>
      sent.push(...writesOf(method, args).map(([name, entry]): Write => [name, valueOf(entry)])),
  })
  const front = world.backend({
    isLate: isFrontLate,
    isPersistent,
    onCall: (method, args) =>
      promised.push(
        ...writesOf(method, args)
          .filter(([, entry]) => markOf(entry)?.state === 'behind')
          .map(([name, entry]): Write => [name, markOf(entry)?.gone ? undefined : valueOf(entry)]),
      ),
  })
  const options: TierOptions = {
    capabilities: back.capabilities,
    writePolicy,
    readPolicy: 'frontend-first',
    negative,
    outbox: { maxEntries: 2, maxBytes: 1_000_000, wait: () => 0 },
    onError: () => undefined,
    close: () => undefined,
  }
  const bounds = isFrontLate || isPersistent ? undefined : { maxEntries: scenario.maxEntries }
  const between = world.backend({ isLate: false }).backend
  const inner = isNested ? tieredBackend(between, back, { ...options, writePolicy: 'write-through' }) : back
  const tier = tieredBackend(front.backend, inner, { ...options, bounds })
  const history: Operation[] = []
  const problems: string[] = []
  /** Keys that were written to stay in front. */
  const local = new Set<Name>()
  let count = 0

  /** Note what `run` comes to, which says what it saw; of what fails, `otherwise`, which may have happened or not. */
  const note = async (
    run: () => PromiseLike<readonly Omit<Operation, 'called' | 'answered'>[]>,
    otherwise: () => readonly Omit<Operation, 'called' | 'answered'>[],
  ): Promise<void> => {
    const called = world.tick()
    try {
      const operations = await run()
      const answered = world.tick()
      history.push(...operations.map((each) => ({ ...each, called, answered })))
    } catch (error) {
      // Nobody else writes to the front.
      if (!(error instanceof KonserveError) || error.code === 'CONFLICT') problems.push(String(error))
      history.push(...otherwise().map((each) => ({ ...each, called, answered: Infinity })))
    }
  }

  const perform = async ({ kind, key, writePolicy: own }: Step): Promise<void> => {
    const name = KEYS[key]!
    const call: Call = { sync: false, writePolicy: own }
    const value = `v${++count}`
    if (own === 'frontend-only' && kind !== 'get') for (const each of KEYS) local.add(each)
    switch (kind) {
      case 'get':
        return note(
          async () => {
            // As a store does.
            const seen = tier.peek?.(name.slice(1)) ?? valueOf(await tier.read(name, call))
            if (seen !== undefined) tier.learn?.(name.slice(1), name)
            return [{ key: name, kind, seen: seen as string | undefined }]
          },
          () => [],
        )
      case 'has':
        return note(
          async () => [{ key: name, kind, found: (await tier.readMeta(name, call)) !== undefined }],
          () => [],
        )
      case 'getMany':
        return note(
          async () =>
            (await tier.readMany(KEYS, call)).map((entry, i) => ({ key: KEYS[i]!, kind: 'get', seen: valueOf(entry) })),
          () => [],
        )
      case 'list':
        return note(
          async () => {
            const { names } = await tier.list({}, call)
            return KEYS.map((each) => ({ key: each, kind: 'has', found: names.includes(each), isListed: true }))
          },
          () => [],
        )
      case 'set':
        return note(
          async () => {
            await tier.write(name, entryOf(name, value), {}, call)
            return [{ key: name, kind, value }]
          },
          () => [{ key: name, kind, value }],
        )
      case 'setMany': {
        const sets = KEYS.map((each): Omit<Operation, 'called' | 'answered'> => ({ key: each, kind: 'set', value }))
        const ops = KEYS.map((each): EntryOp => ({ write: [each, entryOf(each, value)] }))
        return note(
          async () => {
            await tier.batch(ops, { atomic: false }, call)
            return sets
          },
          () => sets,
        )
      }
      case 'delete':
        return note(
          async () => [{ key: name, kind, found: await tier.delete(name, {}, call) }],
          () => [{ key: name, kind }],
        )
      case 'update': {
        const seen: (string | undefined)[] = []
        const next = (old: Entry | undefined): Entry => {
          seen.push(valueOf(old))
          return entryOf(name, `${valueOf(old) ?? ''}+${value}`.slice(-40))
        }
        const done = (): Omit<Operation, 'called' | 'answered'>[] =>
          seen.slice(-1).map((old) => ({ key: name, kind, seen: old, value: `${old ?? ''}+${value}`.slice(-40) }))
        return note(async () => {
          await tier.update(name, next, call)
          return done()
        }, done)
      }
      case 'updateNothing':
        return note(
          async () => {
            const [old] = await tier.update(name, (each) => each, call)
            return [{ key: name, kind: 'get', seen: valueOf(old) }]
          },
          () => [],
        )
      case 'populate':
      case 'populateAnew':
        return note(
          async () => {
            await tier.tier.populate(kind === 'populate' ? 'missing' : 'full', {})
            return []
          },
          () => [],
        )
      case 'evict': {
        const meta = front.raw.readMeta(name, CALL) as Meta | undefined
        if (markOf(meta && { meta, value: undefined })?.state === undefined) void front.raw.delete(name, {}, CALL)
        return
      }
      case 'foreignSet':
      case 'foreignDelete': {
        const isSet = kind === 'foreignSet'
        return note(
          async () => {
            await (isSet ? raw.write(name, entryOf(name, value), {}, CALL) : raw.delete(name, {}, CALL))
            return [isSet ? { key: name, kind: 'set', value } : { key: name, kind: 'delete' }]
          },
          () => [],
        )
      }
    }
  }

  await perform({ kind: 'foreignSet', key: 0, writePolicy: undefined, waits: true })
  const running = new Set<Promise<void>>()
  for (const step of scenario.steps) {
    const done = perform(step).finally(() => running.delete(done))
    running.add(done)
    if (step.waits) await world.until(() => !running.has(done))
  }
  await world.until(() => running.size === 0)

  // At rest everybody sees the same.
  lots.faults = 0
  let isFlushed = false
  const flushed = Promise.resolve(tier.flush(CALL)).then(() => (isFlushed = true))
  await world.until(() => isFlushed)
  await flushed
  for (const [key, name] of KEYS.entries()) {
    const read = perform({ kind: 'get', key, writePolicy: undefined, waits: true })
    let isRead = false
    void read.then(() => (isRead = true))
    await world.until(() => isRead)
    if (local.has(name) || writePolicy === 'frontend-only') continue
    await note(
      async () => [{ key: name, kind: 'get', seen: valueOf(await raw.read(name, CALL)) }],
      () => [],
    )
  }
  const isAlone = !scenario.steps.some(({ kind }) => kind.startsWith('foreign'))
  const ordered = isAlone ? inOrder(history) : history
  problems.push(
    ...violations(ordered).map((name) => `${name}: ${JSON.stringify(history.filter(({ key }) => key === name))}`),
  )
  if (writePolicy === 'write-behind' && scenario.steps.every(({ writePolicy: own }) => own === undefined)) {
    problems.push(...outOfOrder(sent, promised))
  }
  if (writePolicy === 'frontend-only' && sent.length > 0) problems.push(`the back was written: ${JSON.stringify(sent)}`)
  return problems
}

const CALL: Call = { sync: false }

/**
 * Calls on one key take effect in the order in which they were made: as if each had been answered before the next. Where others
 * write as well, that would be too much to ask, because they come in between.
 */
function inOrder(history: readonly Operation[]): Operation[] {
  return KEYS.flatMap((name) => {
    const calls = history.filter(({ key }) => key === name).sort((a, b) => a.called - b.called)
    return calls.map((each, i) => {
      const next = calls.slice(i + 1).find(({ isListed }) => !isListed)
      return each.isListed || each.answered === Infinity || next === undefined
        ? each
        : { ...each, answered: Math.min(each.answered, next.called - 0.5) }
    })
  })
}

function entryOf(name: Name, value: string): Entry {
  return { meta: { key: name.slice(1), type: 'value', lastWrite: new Date(0) }, value }
}

function valueOf(entry: Entry | undefined): string | undefined {
  return entry?.value as string | undefined
}

function markOf(entry: Entry | undefined): { readonly state?: string; readonly gone?: boolean } | undefined {
  return entry?.meta.own?.['tier'] as { state?: string } | undefined
}

/** What a call writes to the keys. */
function writesOf(method: string, args: readonly unknown[]): (readonly [Name, Entry | undefined])[] {
  const [first, second] = args
  const all: (readonly [Name, Entry | undefined])[] =
    method === 'write'
      ? [[first as Name, second as Entry]]
      : method === 'delete'
        ? [[first as Name, undefined]]
        : method === 'batch'
          ? (first as EntryOp[]).map((op) => ('write' in op ? op.write : ([op.delete, undefined] as const)))
          : []
  return all.filter(([name]) => KEYS.includes(name))
}

/** Keys of which the back got something else than what was promised, or in another order; what was written over is left out. */
function outOfOrder(sent: readonly Write[], promised: readonly Write[]): string[] {
  return KEYS.filter((key) => {
    const order = promised.filter(([name]) => name === key).map(([, value]) => value)
    let at = 0
    return !sent
      .filter(([name]) => name === key)
      .every(([, value]) => {
        const found = order.indexOf(value, at)
        if (found >= 0) at = found
        return found >= 0
      })
  }).map((key) => `${key} was sent out of order: ${JSON.stringify({ sent, promised })}`)
}

function drawn(numbers: readonly number[], faults: number): Lots {
  let next = 0
  return { faults, draw: (most) => (numbers[next++ % numbers.length] ?? 0) % most }
}
