import { expect, test } from 'vitest'
import { Commit } from '../../src/backends/indexeddb-commit.ts'
import { Job } from '../../src/backends/indexeddb-job.ts'
import { Recent } from '../../src/backends/indexeddb-recent.ts'

/** What WebKit does in private windows: the request fails after `commit`, and the transaction completes all the same. */
class CompletesAfterAll {
  onerror?: (event: { target: unknown }) => void
  oncomplete?: () => void
  error = null
  readonly request = { error: null as DOMException | null }

  objectStore(): unknown {
    return { put: () => this.request }
  }

  commit(): void {
    queueMicrotask(() => {
      this.request.error = new DOMException('It has no files.', 'UnknownError')
      this.onerror!({ target: this.request })
      this.oncomplete!()
    })
  }
}

test('a transaction of which a request failed is not taken for done, whatever the engine says at its end', async () => {
  const ops = [{ put: ['sa', new Uint8Array(30)] as const }]
  const job = new Job(
    { names: [], plan: () => ops, ops: 1, bytes: 30, durability: 'relaxed' },
    () => undefined,
    () => undefined,
  )
  const transaction = new CompletesAfterAll() as unknown as IDBTransaction
  const commit = new Commit(transaction, new Recent(), { numbered: false, removeTo: undefined }, { onClose: new Set() })
  commit.add(job)
  await expect(commit.finish()).rejects.toThrow('It has no files.')
})
