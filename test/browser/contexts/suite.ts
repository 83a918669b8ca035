import { afterAll, expect, test } from 'vitest'
import { type NamedTest, runTests } from '../../compliance/suite.ts'
import { type Context, type Kind, type WorkerKind, startWorker, thisPage } from './context.ts'
import type { ListedTest } from './jobs.ts'
import { limitOf } from './limits.ts'
import { expectedMatrix, scriptFor } from './matrix.ts'

/** Run the compliance suite in a context, one test a rule. */
export async function runSuiteIn(kind: Kind): Promise<void> {
  if (kind === 'page') return runSuite(kind, thisPage)
  const type = scriptFor(kind)
  if (type === undefined) return thereIsNone(kind)
  const worker = await startWorker(kind, type)
  afterAll(() => worker.end())
  return runSuite(kind, worker)
}

async function runSuite(kind: Kind, context: Context): Promise<void> {
  const tests = await context.ask('tests')

  test(`in a ${kind} there are the tests that there are in a page`, async () => {
    expect(tests).toEqual(await thisPage.ask('tests'))
    expect(tests.length).toBeGreaterThan(300)
  })

  for (const [target, listed] of Map.groupBy(tests, (each) => each.target)) {
    const asked = listed.map((each) => testOf(kind, context, each))
    runTests(`${target}, in a ${kind}`, asked, { concurrent: true })
  }
}

/** A rule that the browser does not let the library keep must fail, and that for the known reason. */
function testOf(kind: Kind, context: Context, listed: ListedTest): NamedTest {
  const { name, title } = listed
  const limit = limitOf(listed, expectedMatrix()[kind])
  if (limit === undefined) return { name, title, run: () => context.ask('run', listed) }
  return {
    name,
    title: `${title}: not without ${limit.feature}`,
    run: () => expect(context.ask('run', listed)).rejects.toThrow(limit.error),
  }
}

function thereIsNone(kind: WorkerKind): void {
  test(`there is no ${kind}, as docs/browsers.md says`, async () => {
    await expect(startWorker(kind, 'classic')).rejects.toBeInstanceOf(Error)
  })
}
