import type { BlobBackend, BlobOp, BlobWrite } from '../base/backend.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import { Watchers, noticesOf } from './watchers.ts'

export type WatchedBlobs = BlobBackend & Required<Pick<BlobBackend, 'watch'>>

/** `blobs` if they can be watched, else the same ones with watchers of the writes that go through here. */
export function watchedBlobs(blobs: BlobBackend): WatchedBlobs {
  if (isWatched(blobs)) return blobs
  const watchers = new Watchers()

  const telling = <T>(task: PromiseOrValue<T>, ops: () => readonly BlobOp[]): PromiseOrValue<T> =>
    chain(task, (answer) => {
      if (watchers.size > 0) watchers.tell(noticesOf(ops()))
      return answer
    })

  const tellingOne = <T>(task: PromiseOrValue<T>, write: BlobWrite, op: BlobOp): PromiseOrValue<T> =>
    write.notice ? telling(task, () => [{ ...op, ...write }]) : task

  return {
    capabilities: blobs.capabilities,
    get: (name, options, call) => blobs.get(name, options, call),
    put: (name, bytes, write, call) => tellingOne(blobs.put(name, bytes, write, call), write, { put: [name, bytes] }),
    delete: (name, write, call) => tellingOne(blobs.delete(name, write, call), write, { delete: name }),
    list: (options, call) => blobs.list(options, call),
    ...(blobs.scan && { scan: (options, call) => blobs.scan!(options, call) }),
    ...(blobs.getMany && { getMany: (names, call) => blobs.getMany!(names, call) }),
    ...(blobs.batch && { batch: (ops, call) => telling(blobs.batch!(ops, call), () => ops) }),
    ...(blobs.writeMany && { writeMany: (ops, call) => telling(blobs.writeMany!(ops, call), () => ops) }),
    ...(blobs.transact && {
      transact(names, fn, call) {
        let ops: readonly BlobOp[] = []
        return telling(
          blobs.transact!(names, (found) => (ops = fn(found)), call),
          () => ops,
        )
      },
    }),
    ...(blobs.flush && { flush: (call) => blobs.flush!(call) }),
    watch: (watcher) => watchers.add(watcher),
    close: (call) => blobs.close(call),
  }
}

function isWatched(blobs: BlobBackend): blobs is WatchedBlobs {
  return blobs.watch !== undefined
}
