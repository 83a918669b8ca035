import type { BlobOp, BlobWrite, Call } from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { ConflictError, StorageUnavailableError } from '../base/errors.ts'
import { conflict } from '../engine/condition.ts'
import { randomId } from '../engine/parts.ts'
import { type DynamoDb, type Refused, pause } from './dynamodb-client.ts'
import { type Item, MEMORY, piecesOf, stateOf, versionOf, writeIdsOf } from './dynamodb-item.ts'
import type { Intent, NamedPieces, PieceStore } from './dynamodb-pieces.ts'
import { type Write, actionOf, planOf, updateOf } from './dynamodb-requests.ts'

/** How often writes without a condition are sent again because large blobs came and went meanwhile. */
const MOST_ATTEMPTS = 32

/** Puts and deletes of the items of one store, each of them applied once. */
export class Writes {
  readonly #db: DynamoDb
  readonly #pieces: PieceStore
  readonly #id: string
  readonly #onError: (error: unknown) => void
  #hasCollected = false

  constructor(db: DynamoDb, pieces: PieceStore, id: string, onError: (error: unknown) => void) {
    this.#db = db
    this.#pieces = pieces
    this.#id = id
    this.#onError = onError
  }

  /**
   * One request, without a transaction, which would cost twice as much. With a version it is PutItem: what it replaces
   * was read, and its write ids are known. Without one it is UpdateItem, which can keep ids that it does not know.
   */
  async put(name: Name, bytes: Uint8Array, options: BlobWrite, call: Call): Promise<Version> {
    const write = planOf([{ put: [name, bytes], ...options }])[0]!
    const { id, pieces } = write
    const { table } = this.#db
    await this.#apply([write], call, async ([only]) => {
      const refused =
        options.ifVersion === undefined
          ? await this.#db.write('UpdateItem', updateOf(only!, table, this.#id), call)
          : await this.#db.write('PutItem', actionOf(only!, table, this.#id)['Put']!, call)
      return refused && [refused]
    })
    const known = options.ifVersion ? stateOf(options.ifVersion).ids : []
    return versionOf({ w: { S: [id, ...known].join(' ') }, p: { N: String(pieces) } })
  }

  /**
   * A transaction, so that DynamoDB itself knows whether it was done: an item that is gone could not say so. Whether
   * something was there.
   */
  async delete(name: Name, options: BlobWrite, call: Call): Promise<boolean> {
    const writes = planOf([{ delete: name, ...options }])
    return this.#transact([{ ...writes[0]!, mustExist: true }], call)
  }

  /** At most 100 ops, all or none. */
  async batch(ops: readonly BlobOp[], call: Call): Promise<void> {
    await this.#transact(planOf(ops), call)
  }

  #transact(writes: readonly Write[], call: Call): Promise<boolean> {
    return this.#apply(writes, call, (left) =>
      this.#db.transact(
        left.map((write) => actionOf(write, this.#db.table, this.#id)),
        randomId(),
        call,
      ),
    )
  }

  /**
   * Write the pieces of what is large, then send the writes, again with what the refusals have told, then remove the
   * pieces that are not used any more. Answers whether there was anything to do.
   */
  async #apply(
    all: readonly Write[],
    call: Call,
    send: (writes: readonly Write[]) => Promise<readonly (Refused | undefined)[] | undefined>,
  ): Promise<boolean> {
    let writes = all
    const made = writes.flatMap(({ name, id, pieces }) => (pieces > 0 ? [{ name, id, count: pieces }] : []))
    let intent: Intent | undefined
    let announced: readonly NamedPieces[] = made
    if (made.length > 0) {
      intent = await this.#pieces.begin(made, call)
      for (const { name, id, bytes, pieces } of writes) {
        if (pieces > 0) await this.#pieces.write({ name, id, count: pieces }, bytes!, call)
      }
    }
    try {
      for (let attempt = 1; writes.length > 0; attempt++) {
        const replaced = writes.flatMap(({ name, replaced: old }) => (old ? [{ name, ...old }] : []))
        if (replaced.some(({ id }) => !announced.some((pieces) => pieces.id === id))) {
          announced = [...made, ...replaced]
          if (intent) await intent.save(announced, call)
          else intent = await this.#pieces.begin(announced, call)
        }
        if (intent?.isFresh === false) throw tooSlow(writes[0]!.name)
        const reasons = await send(writes)
        // Whoever wrote on top has kept the id: this one was done, and the others with it.
        if (reasons === undefined || writes.some(({ id }, i) => isKnown(id, reasons[i]?.found))) {
          await this.#finish(intent, replaced, call)
          return true
        }
        if (attempt === MOST_ATTEMPTS) throw conflict(writes[0]!.name)
        writes = writes.flatMap((write, i) => learnt(write, reasons[i]))
        if (attempt > 2) await pause(attempt - 2, call)
      }
    } catch (error) {
      // After any other error the writes may have been done.
      if (error instanceof ConflictError) await this.#finish(intent, made, call)
      throw error
    }
    await this.#finish(intent, [], call)
    return false
  }

  /** The writes have their result: what goes wrong here leaves pieces that can be collected. */
  async #finish(intent: Intent | undefined, unused: readonly NamedPieces[], { sync }: Call): Promise<void> {
    if (intent === undefined) return
    try {
      await intent.end(unused, { sync })
      if (this.#hasCollected) return
      this.#hasCollected = true
      await this.#pieces.collect({ sync }, { all: false })
    } catch (error) {
      this.#onError(error)
    }
  }
}

function isKnown(id: string, found: Item | undefined): boolean {
  return found !== undefined && writeIdsOf(found).includes(id)
}

/** The write as it is sent next, after it was refused. Nothing if there is nothing to do any more. */
function learnt(write: Write, refused: Refused | undefined): Write[] {
  if (refused === undefined) return [write]
  const { name, ifVersion, mustExist } = write
  const { found, unconfirmed } = refused
  if (ifVersion === undefined) {
    if (found === undefined && mustExist) return []
    return [{ ...write, replaced: found && piecesOf(found) }]
  }
  const ids = found ? writeIdsOf(found) : []
  // Then it may have been done, with so many on top that its id is forgotten.
  const isForgotten = ids.length >= MEMORY && !(ifVersion && ids.includes(stateOf(ifVersion).ids[0]!))
  if (!unconfirmed || !isForgotten) throw conflict(name)
  throw new StorageUnavailableError(
    `The answer to a write of ${name} was lost, and ${MEMORY} others have written since: whether it was done is not ` +
      'known. Read what is there before you do it again.',
  )
}

function tooSlow(name: Name): StorageUnavailableError {
  return new StorageUnavailableError(`The write of ${name} has taken an hour, and was not done. Do it again.`)
}
