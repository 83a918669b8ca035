import type { Backend, Call, Capabilities } from '../../base/backend.ts'
import { StorageUnavailableError } from '../../base/errors.ts'
import { type PromiseOrValue, chain } from '../../base/promise-or-value.ts'
import { collect, readStream } from '../chunks.ts'
import { holdEntry, scanEntries } from '../scan.ts'
import { Watchers } from '../watchers.ts'

/** A backend that is opened by the first call that succeeds in it; until then calls fail as `open` does. */
export function laterBackend(capabilities: Capabilities, open: () => Promise<Backend>): Backend {
  const watchers = new Watchers()
  let opened: Backend | undefined
  let opening: Promise<Backend> | undefined

  const tryOpen = async (): Promise<Backend> => {
    try {
      opened = await open()
      opened.watch((notice) => watchers.tell([notice]))
      return opened
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
    close: () => undefined,
  }
}
