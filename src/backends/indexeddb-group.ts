import type { Durability } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { nameOf } from '../engine/condition.ts'
import type { Job, Work } from './indexeddb-job.ts'

/**
 * Which jobs go into one transaction without making it long. What reads is planned in the transaction, after what does
 * not: those on one name are for several transactions.
 */
export class Group {
  readonly durability: Durability
  readonly flushes: boolean
  readonly #taken: Work[] = []
  #ops = 0
  #bytes = 0
  /** Known once there is a job that reads. */
  #touched: Set<Name> | undefined
  readonly #planned = new Set<Name>()

  /** Of the kind that those who wait need. */
  constructor(waiting: readonly Job[]) {
    this.durability = waiting.some(({ work }) => work.durability === 'strict') ? 'strict' : 'relaxed'
    this.flushes = waiting.some(({ work }) => work.flushes)
  }

  /** Whether it is in. */
  take({ work }: Job): boolean {
    const ops = this.#ops + work.ops
    const bytes = this.#bytes + work.bytes
    if (this.#taken.length > 0) {
      if (ops > MOST_OPS || bytes > MOST_BYTES) return false
      if (work.durability === 'strict' && this.durability !== 'strict') return false
      if (work.flushes && !this.flushes) return false
      if (this.#meets(work)) return false
    }
    this.#ops = ops
    this.#bytes = bytes
    this.#taken.push(work)
    if (work.names.length > 0) this.#touched ??= new Set(this.#taken.flatMap(touchedBy))
    if (this.#touched === undefined) return true
    for (const name of touchedBy(work)) {
      this.#touched.add(name)
      if (work.names.length > 0) this.#planned.add(name)
    }
    return true
  }

  /** The first ones of a queue. */
  takeFrom(queue: Job[]): Job[] {
    const end = queue.findIndex((job) => !this.take(job))
    return queue.splice(0, end < 0 ? queue.length : end)
  }

  #meets(work: Work): boolean {
    if (this.#touched === undefined && work.names.length === 0) return false
    this.#touched ??= new Set(this.#taken.flatMap(touchedBy))
    return (
      touchedBy(work).some((name) => this.#planned.has(name)) || work.names.some((name) => this.#touched!.has(name))
    )
  }
}

function touchedBy({ names, fixed = [] }: Work): Name[] {
  return [...names, ...fixed.map(nameOf)]
}

/** A shared transaction has no more: other tabs wait for it. */
const MOST_OPS = 1000
const MOST_BYTES = 4 * 1024 * 1024
