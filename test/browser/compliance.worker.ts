import { complianceTests } from '../../src/testing/compliance.ts'
import { targets } from './compliance-targets.ts'

/** Asked for nothing, a list of all tests; asked for one of them, what was wrong. */
export type Request = { readonly id: number; readonly test?: TestId }
export type Response = { readonly id: number; readonly tests?: readonly ListedTest[]; readonly error?: string }
export interface TestId {
  readonly target: string
  readonly name: string
}
export interface ListedTest extends TestId {
  readonly title: string
}

const tests = targets.flatMap((target) => complianceTests(target).map((each) => ({ ...each, target: target.name })))

addEventListener('message', (event: MessageEvent<Request>) => {
  void answer(event.data).then((response) => postMessage(response))
})

async function answer({ id, test }: Request): Promise<Response> {
  if (test === undefined) return { id, tests: tests.map(({ target, name, title }) => ({ target, name, title })) }
  try {
    await tests.find(({ target, name }) => target === test.target && name === test.name)!.run()
    return { id }
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
