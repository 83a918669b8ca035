import type { MessagePort, Worker } from 'node:worker_threads'
import type { BlobBackend } from '../base/backend.ts'
import * as errors from '../base/errors.ts'

export type Method = Exclude<keyof BlobBackend, 'capabilities' | 'transact' | 'watch' | 'flush'>

/** What the thread is asked for. */
export type Request =
  | {
      readonly op: 'container' | 'open' | 'remove'
      readonly backend: string
      readonly module: string
      readonly config: unknown
      readonly createContainer: boolean
    }
  /** A function that the module exports. */
  | { readonly op: 'run'; readonly module: string; readonly name: string; readonly args: readonly unknown[] }
  | { readonly op: 'call'; readonly id: number; readonly method: Method; readonly args: readonly unknown[] }

/** What it answers, with what went wrong in the background. */
export interface Answer {
  readonly value?: unknown
  readonly error?: PlainError | undefined
  readonly reported: readonly PlainError[]
}

/** An error, as it can be sent. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

const builtin = globalThis.process?.getBuiltinModule

/** Whether this platform has threads that can be waited for. */
export const canWait: boolean = builtin?.('node:worker_threads') !== undefined

/** Milliseconds after which a thread that does not answer is taken for dead. Its calls have time-outs of their own. */
const LONGEST_WAIT = 600_000

let thread: { readonly worker: Worker; readonly port: MessagePort } | undefined

/** Wait for the thread's answer. */
export function ask<T>(request: Request, onError: (error: unknown) => void): T {
  const { port } = (thread ??= start())
  const signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  send(port, request, signal)
  if (Atomics.wait(signal, 0, 0, LONGEST_WAIT) === 'timed-out') {
    throw new errors.StorageUnavailableError(
      'The thread for synchronous calls does not answer. Await the call instead.',
    )
  }
  const { receiveMessageOnPort } = builtin('node:worker_threads')
  const { value, error, reported } = (receiveMessageOnPort(port) as { message: Answer }).message
  for (const each of reported) onError(revived(each))
  if (error) throw revived(error)
  return value as T
}

/** Ask for something whose answer nobody waits for. */
export function post(request: Request): void {
  if (thread) send(thread.port, request, undefined)
}

function send(port: MessagePort, request: Request, signal: Int32Array | undefined): void {
  try {
    port.postMessage({ request: packed(request), signal })
  } catch (cause) {
    throw new errors.SyncUnsupportedError(
      'The config holds a function, which cannot go to the thread that makes synchronous calls. Await the call, or leave the function out.',
      { cause },
    )
  }
}

function start(): NonNullable<typeof thread> {
  const { Worker, MessageChannel } = builtin('node:worker_threads')
  const file = new URL('./sync-worker.js', import.meta.url)
  if (!builtin('node:fs').existsSync(file)) {
    throw new errors.SyncUnsupportedError(
      'Synchronous calls need the file sync-worker.js of konserve-ts, which a bundle does not have. Leave konserve-ts out of the bundle, or await the call.',
    )
  }
  const { port1, port2 } = new MessageChannel()
  // `node --input-type=module -e …`: with its flags the thread would not start, and be waited for all the same. Others are
  // handed down, but not where they are listed: not all may be.
  const ofText = builtin('node:process').execArgv.some((flag) => flag.startsWith('--input-type'))
  const worker = new Worker(file, {
    workerData: { port: port2 },
    transferList: [port2],
    ...(ofText && { execArgv: [] }),
  })
  // A process may end while the thread has nothing to do.
  worker.unref()
  port1.unref()
  return { worker, port: port1 }
}

/** A view is sent with the whole buffer under it: what it shows is copied out of that. */
export function packed<T>(value: T): T {
  if (value instanceof Uint8Array) return new Uint8Array(value) as T
  if (Array.isArray(value)) return value.map(packed) as T
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, packed(each)])) as T
}

/** An error as one of its own class. */
function revived({ name, message, fields }: PlainError): Error {
  const Class = (errors as Readonly<Record<string, unknown>>)[name] as (new (...args: unknown[]) => Error) | undefined
  const error = Class ? new Class(fields['issues'] ?? message) : new Error(message)
  return Object.assign(error, fields)
}
