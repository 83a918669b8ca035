import type { Backend, Call, Change, EntryOp, Notice } from '../../base/backend.ts'
import type { Entry, Name, Version } from '../../base/entry.ts'
import { ConflictError, KonserveError } from '../../base/errors.ts'
import { isReserved } from '../../base/name.ts'
import { type PromiseOrValue, chain, each, ensure, isPromise, rescue } from '../../base/promise-or-value.ts'
import type { Front } from './front.ts'
import { type Mark, deadRow, markOf, nameOf, visible, withMark } from './mark.ts'

/** What to do where the back has another entry than the one that was changed here: mine from theirs, or what to keep of both. */
export type OnConflict = 'overwrite' | 'fail' | ((mine: unknown, theirs: unknown) => unknown)

export interface DeliveryOptions {
  readonly onConflict: OnConflict
  /** Told of what was given up. */
  readonly onError: (error: unknown) => void
  /** The back has something else now. */
  readonly onLanded: (name: Name) => void
  /** Readers see something else now: somebody else has written to the back, or what was here was merged. */
  readonly onChanged: (notice: Notice) => void
}

/** Who keeps the books of the rows. */
export interface RowKeeper {
  /** It is gone: the back has it, or it was given up. */
  drop(row: Name): void
  /** It has failed, and may succeed later. */
  postpone(row: Name, error: unknown): void
  /** It is being sent as it is now; to be called when the back has it. */
  begin(row: Name): () => void
  /** They have failed together, and one of them may be why. */
  separate(rows: readonly Name[], error: unknown): void
}

/** What is sent of a row. */
interface Job {
  readonly row: Name
  readonly name: Name
  /** As it is in the front. */
  readonly entry: Entry
  readonly mark: Mark
  /** Says that the back has it. */
  readonly landed: () => void
}

/** How rows of the outbox are sent to the back. */
export class Delivery {
  readonly #front: Front
  readonly #back: Backend
  readonly #options: DeliveryOptions
  readonly #rows: RowKeeper
  /** What the back has told meanwhile of names that are being sent, and whether it has them. */
  readonly #sending = new Map<Name, { readonly notices: Notice[]; hasLanded: boolean }>()

  constructor(front: Front, back: Backend, options: DeliveryOptions, rows: RowKeeper) {
    this.#front = front
    this.#back = back
    this.#options = options
    this.#rows = rows
  }

  get isBusy(): boolean {
    return this.#sending.size > 0
  }

  /** Whether a notice of the back's may be of a write that is being sent. If it turns out not to be, it is told then. */
  heard(notice: Notice): boolean {
    const sending = notice.type === 'resync' ? undefined : this.#sending.get(notice.name)
    sending?.notices.push(notice)
    return sending !== undefined
  }

  /** Send what the front has now of these rows. */
  send(rows: readonly { readonly row: Name; readonly name: Name }[], call: Call): PromiseOrValue<void> {
    const { backend } = this.#front
    return chain(
      this.#front.atOnce((own) =>
        backend.readMany(
          rows.map(({ name }) => name),
          own,
        ),
      ),
      (found) => {
        const jobs: Job[] = []
        const stale: Name[] = []
        for (const [i, { row, name }] of rows.entries()) {
          const entry = found[i]
          const mark = markOf(entry?.meta)
          if (entry && mark?.row === row) jobs.push({ row, name, entry, mark, landed: this.#rows.begin(row) })
          else stale.push(row)
        }
        for (const { name } of jobs) this.#sending.set(name, { notices: [], hasLanded: false })
        return chain(
          each(stale, (row) => this.#forgetRow(row)),
          () =>
            ensure(
              () => (jobs.length > 1 ? this.#sendAll(jobs, call) : each(jobs, (job) => this.#sendOne(job, call))),
              () => {
                for (const { name } of jobs) this.#tellOthers(name)
              },
            ),
        )
      },
    )
  }

  /** What the back has told of `name` while it was being sent: more than ours, and somebody else has written as well. */
  #tellOthers(name: Name): void {
    const { notices, hasLanded } = this.#sending.get(name)!
    this.#sending.delete(name)
    if (notices.length > (hasLanded ? 1 : 0)) this.#options.onChanged(notices.at(-1)!)
  }

  /** All at once. Where that fails, each has to find out by itself, in its turn: by then it may be another one. */
  #sendAll(jobs: readonly Job[], call: Call): PromiseOrValue<void> {
    const ops = jobs.map((job): EntryOp => {
      const sent = this.#sent(job)
      return sent ? { write: [job.name, sent] } : { delete: job.name }
    })
    return chain(
      rescue<boolean | boolean[]>(
        () => this.#back.batch(ops, { atomic: false, ordered: true }, call),
        (error) => {
          this.#rows.separate(
            jobs.map(({ row }) => row),
            error,
          )
          return false
        },
      ),
      (answer) => (answer ? each(jobs, (job) => this.#done(job, undefined)) : undefined),
    )
  }

  /** What the back shall have; it says which write it is of, where that may have to be known. */
  #sent({ entry, mark }: Job): Entry | undefined {
    const sent = visible(entry)
    if (sent === undefined || this.#options.onConflict === 'overwrite') return sent
    return { ...sent, meta: { ...sent.meta, own: { ...sent.meta.own, sent: mark.id } } }
  }

  #sendOne(job: Job, call: Call): PromiseOrValue<void> {
    const { name, mark } = job
    const sent = this.#sent(job)
    const condition = this.#options.onConflict === 'overwrite' ? {} : { ifVersion: mark.base }
    const send = (): PromiseOrValue<{ version?: Version | undefined } | { error: unknown }> =>
      rescue<{ version?: Version | undefined } | { error: unknown }>(
        () =>
          sent
            ? chain(this.#back.write(name, sent, condition, call), (version) => ({ version }))
            : chain(this.#back.delete(name, condition, call), () => ({})),
        (error) => ({ error }),
      )
    return chain(send(), (answer) => {
      if (!('error' in answer)) return this.#sentAs(job, answer.version, call)
      const { error } = answer
      const isConflict = error instanceof ConflictError && this.#options.onConflict !== 'overwrite'
      return isConflict ? this.#conflict(job, error, call) : this.#failed(job, error)
    })
  }

  /** Not every back says which version it made; where that is to be known, it is looked up. */
  #sentAs(job: Job, version: Version | undefined, call: Call): PromiseOrValue<void> {
    if (version !== undefined || job.mark.gone || this.#options.onConflict === 'overwrite')
      return this.#done(job, version)
    const found = rescue<Entry | undefined>(
      () => this.#back.read(job.name, call),
      () => undefined,
    )
    return chain(found, (entry) =>
      this.#done(job, entry?.meta.own?.['sent'] === job.mark.id ? entry?.version : undefined),
    )
  }

  /** The back has what the job sent. If the front has another entry by now, that one goes next. */
  #done({ row, name, entry, mark, landed }: Job, version: Version | undefined): PromiseOrValue<void> {
    const sending = this.#sending.get(name)
    if (sending) sending.hasLanded = true
    this.#options.onLanded(name)
    const ifVersion = entry.version
    const copy: EntryOp = mark.gone
      ? { delete: name, ifVersion }
      : { write: [name, withMark(entry, version === undefined ? undefined : { base: version })], ifVersion }
    return this.#orElse(
      () => chain(this.#apply([copy, { delete: row }]), () => this.#rows.drop(row)),
      () => chain(this.#rebase(name, version ?? (mark.gone ? null : undefined)), landed),
    )
  }

  /** What is there now was made from this version. */
  #rebase(name: Name, base: Version | null | undefined): PromiseOrValue<void> {
    const rebased: Change = (found) => {
      const mark = markOf(found?.meta)
      return found && mark?.state ? withMark(found, { ...mark, base }) : found
    }
    return this.#front.atOnce((own) =>
      this.#front.alone([name], own, () => chain(this.#front.backend.update(name, rebased, own), () => undefined)),
    )
  }

  #conflict(job: Job, error: ConflictError, call: Call): PromiseOrValue<void> {
    const { onConflict } = this.#options
    const { name, entry, mark } = job
    return chain(
      rescue<{ theirs: Entry | undefined } | { failure: unknown }>(
        () => chain(this.#back.read(name, call), (theirs) => ({ theirs })),
        (failure) => ({ failure }),
      ),
      (answer): PromiseOrValue<void> => {
        if ('failure' in answer) return this.#failed(job, answer.failure)
        const { theirs } = answer
        // It may be ours, whose answer was lost.
        if (theirs ? theirs.meta.own?.['sent'] === mark.id : mark.gone) return this.#done(job, theirs?.version)
        if (typeof onConflict !== 'function') return this.#giveUp(job, error)
        const base = theirs?.version ?? null
        let value: unknown
        try {
          value = onConflict(mark.gone ? undefined : entry.value, theirs?.value)
          if (isPromise(value)) throw new TypeError('onConflict must answer with a value, not with a promise.')
        } catch (failure) {
          return this.#giveUp(job, failure)
        }
        const merged = withMark({ ...entry, value }, { ...mark, gone: undefined, base })
        return this.#orElse(
          () =>
            chain(this.#apply([{ write: [name, merged], ifVersion: entry.version }]), () =>
              this.#options.onChanged({ type: 'set', name, key: entry.meta.key }),
            ),
          // Written meanwhile: that is merged in its turn.
          () => this.#rebase(name, base),
          (failure) => this.#giveUp(job, failure),
        )
      },
    )
  }

  #failed(job: Job, error: unknown): PromiseOrValue<void> {
    if (isPermanent(error)) return this.#giveUp(job, error)
    this.#rows.postpone(job.row, error)
  }

  /** To the dead letters: what readers see stays, and nothing else waits for it. */
  #giveUp({ row, name, entry, mark }: Job, error: unknown): PromiseOrValue<void> {
    const dead = deadRow(row)
    const { key } = entry.meta
    const { code, message } = error instanceof KonserveError ? error : { code: 'UNKNOWN', message: String(error) }
    const why: Entry = { meta: { key, type: 'value', lastWrite: new Date() }, value: { name, code, message } }
    return this.#orElse(
      () =>
        chain(
          this.#apply([
            { write: [dead, why] },
            { write: [name, withMark(entry, { ...mark, row: dead })], ifVersion: entry.version },
            { delete: row },
          ]),
          () => {
            this.#rows.drop(row)
            this.#options.onError(error)
          },
        ),
      () => chain(this.#apply([{ delete: dead }]), () => undefined),
    )
  }

  #forgetRow(row: Name): PromiseOrValue<void> {
    return chain(this.#apply([{ delete: row }]), () => this.#rows.drop(row))
  }

  #apply(ops: readonly EntryOp[]): PromiseOrValue<boolean[]> {
    const { backend } = this.#front
    const names = ops.map(nameOf).filter((name) => !isReserved(name))
    return this.#front.atOnce((own) =>
      this.#front.alone(names, own, () => backend.batch(ops, { atomic: false, ordered: true }, own)),
    )
  }

  /** `task`, or `otherwise` where the front has another entry by now. */
  #orElse(
    task: () => PromiseOrValue<void>,
    otherwise: () => PromiseOrValue<void>,
    refused?: (error: unknown) => PromiseOrValue<void>,
  ): PromiseOrValue<void> {
    return rescue(task, (error) => {
      if (error instanceof ConflictError) return otherwise()
      if (refused && isPermanent(error)) return refused(error)
      throw error
    })
  }
}

/** Whether it would fail again. */
function isPermanent(error: unknown): boolean {
  return error instanceof KonserveError && !PASSING.has(error.code)
}

const PASSING: ReadonlySet<string> = new Set(['STORAGE_UNAVAILABLE', 'QUOTA_EXCEEDED', 'BUSY', 'CONFLICT'])
