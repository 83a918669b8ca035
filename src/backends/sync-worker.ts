// The thread that makes the synchronous calls of backends that cannot answer at once. It is started by sync-thread.ts.
import { type MessagePort, workerData } from 'node:worker_threads'
import type { Blob } from '../base/backend.ts'
import type { RemoteBlobs } from './sync-calls.ts'
import { remoteDefinitions } from './sync-calls.ts'
import { type Answer, type PlainError, type Request, packed } from './sync-thread.ts'

const { port } = workerData as { readonly port: MessagePort }
const opened = new Map<number, RemoteBlobs>()
let count = 0
let reported: PlainError[] = []

const context = {
  sync: false,
  private: false,
  onError: (error: unknown) => void reported.push(plain(error)),
}

port.on('message', (message: { request: Request; signal: Int32Array | undefined }) => void reply(message))

async function reply({ request, signal }: { request: Request; signal: Int32Array | undefined }): Promise<void> {
  const found = await answer(request)
  if (!signal) return
  port.postMessage(found)
  Atomics.store(signal, 0, 1)
  Atomics.notify(signal, 0)
}

async function answer(request: Request): Promise<Answer> {
  let found: Pick<Answer, 'value' | 'error'>
  try {
    found = { value: portable(await run(request)) }
  } catch (error) {
    found = { error: plain(error) }
  }
  const told = reported
  reported = []
  return { ...found, reported: told }
}

async function run(request: Request): Promise<unknown> {
  if (request.op === 'run') {
    const exported = (await import(request.module)) as Readonly<
      Record<string, (...args: readonly unknown[]) => unknown>
    >
    return exported[request.name]!(...request.args)
  }
  if (request.op === 'call') {
    const { id, method, args } = request
    const blobs = opened.get(id)!
    if (method === 'close') opened.delete(id)
    return (blobs[method] as (...all: readonly unknown[]) => unknown)(...args, { sync: false })
  }
  const { op, backend, module, config, createContainer } = request
  await import(module)
  const definition = remoteDefinitions.get(backend)!
  const blobs = await definition[op](config as never, { ...context, createContainer })
  if (op !== 'open') return blobs
  opened.set(++count, blobs as RemoteBlobs)
  return { id: count, client: (blobs as RemoteBlobs).client }
}

/** Blobs with their versions, which may be getters. */
function portable(value: unknown): unknown {
  if (value instanceof Uint8Array) return packed(value)
  if (Array.isArray(value)) return value.map(portable)
  if (typeof value !== 'object' || value === null) return value
  if ('bytes' in value) {
    const { bytes, version } = value as Blob
    return { bytes: packed(bytes), version }
  }
  return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, portable(each)]))
}

/** The cause is another error; of it, too, only what can be sent. */
function plain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), fields: {} }
  const { name, message, stack: _, cause, ...fields } = error as Error & Record<string, unknown>
  const shown = cause instanceof Error ? { cause: Object.assign(new Error(cause.message), { name: cause.name }) } : {}
  return { name, message, fields: { ...cloneable(fields), ...shown } }
}

function cloneable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value !== 'function'))
}
