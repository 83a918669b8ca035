import { expect, test } from 'vitest'
import { server } from 'vitest/browser'
import { differences, engine, expectedMatrix, probeMatrix, tableOf } from './matrix.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** What scripts/test.mjs prints of a test that passed. */
    print?: string
  }
}

test(
  'each context has the features that docs/browsers.md says, no less and no more',
  { timeout: 120_000 },
  async ({ task }) => {
    const found = await probeMatrix()
    const version = /(?:Firefox|Chrome|Version)\/[\d.]+/.exec(navigator.userAgent)?.[0]
    task.meta.print = `${engine} (${version ?? navigator.userAgent}, ${server.platform})\n${tableOf(found)}`
    // oxlint-disable-next-line no-console -- it is to be read, also where nothing fails
    console.log(task.meta.print)
    const advice = 'The browser is not the one that docs/browsers.md knows. If it is right, put the printed table there'
    expect(differences(expectedMatrix(), found), advice).toEqual([])
  },
)
