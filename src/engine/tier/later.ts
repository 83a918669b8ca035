import type { Backend, Call, Capabilities } from '../../base/backend.ts'
import { StorageUnavailableError } from '../../base/errors.ts'
import { type PromiseOrValue, chain } from '../../base/promise-or-value.ts'
import { collect, readStream } from '../chunks.ts'
import { holdEntry, scanEntries } from '../scan.ts'
import { Watchers } from '../watchers.ts'

/**
 * A backend that is opened by the first call that succeeds in it. Until then calls are STORAGE_UNAVAILABLE, whatever `open`
 * fails of: it is not about them.
 */
export function laterBackend(
  capabilities: Capabilities,
  open: () => Promise<Backend>,
  onError: (error: unknown) => void,
): Backend {
  const watchers = new Watchers()
  let opened: Backend | undefined
  let opening: Promise<Backend> | undefined
  let unwatch = (): void => undefined
  let told: unknown

  const tryOpen = async (): Promise<Backend> => {
    try {
      opened = await open()
      unwatch = opened.watch((notice) => watchers.tell([notice]))
      return opened
    } catch (error) {
      if (error instanceof StorageUnavailableError) throw error
      const { code } = error as { code?: unknown }
      // Once: it is tried again and again.
      if (told !== code) onError(error)
      told = code
      throw new StorageUnavailableError('The back of this store cannot be opened.', { cause: error })
    } finally {
      opening = undefined
    }
  }

  const ask = <T>(call: Call, use: (backend: Backend) => PromiseOrValue<T>): PromiseOrValue<T> => {
    if (opened) return use(opened)
    if (call.sync) throw new StorageUnavailableError('The back of this store has not been reached yet.')
    return (opening ??= tryOpen()).then((backend) => {
      call.signal?.throwIfAborted()
      return use(backend)
    })
  }

  return {
    capabilities,
    read: (name, call) => ask(call, (back) => back.read(name, call)),
    readMeta: (name, call) => ask(call, (back) => back.readMeta(name, call)),
    readMany: (names, call) => ask(call, (back) => back.readMany(names, call)),
    hold: (name, call, use) => ask(call, (back) => holdEntry(back, name, call, use)),
    write: (name, entry, condition, call) => ask(call, (back) => back.write(name, entry, condition, call)),
    delete: (name, condition, call) => ask(call, (back) => back.delete(name, condition, call)),
    update: (name, change, call) => ask(call, (back) => back.update(name, change, call)),
    batch: (ops, options, call) => ask(call, (back) => back.batch(ops, options, call)),
    list: (range, call) => ask(call, (back) => back.list(range, call)),
    scan: (range, call) => ask(call, (back) => scanEntries(back, range, call)),
    readStream: (name, call) => ask(call, (back) => readStream(back, name, call)),
    writeStream: (name, meta, pieces, call) =>
      ask(call, (back) =>
        back.writeStream
          ? back.writeStream(name, meta, pieces, call)
          : chain(collect(pieces), (value) =>
              chain(back.write(name, { meta: meta(), value }, {}, call), () => undefined),
            ),
      ),
    watch: (watcher) => watchers.add(watcher),
    // What was never asked has nothing of this one's.
    flush: (call) => opened?.flush(call),
    close: () => unwatch(),
  }
}
