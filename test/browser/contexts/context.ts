import type { Request } from './host.ts'
import { type Job, type Jobs, type Response, jobs } from './jobs.ts'

export const KINDS = ['page', 'worker', 'shared worker', 'service worker'] as const
export type Kind = (typeof KINDS)[number]
export type WorkerKind = Exclude<Kind, 'page'>

/** A page or a worker with the library in it. */
export interface Context {
  ask<J extends Job>(job: J, ...argument: Parameters<Jobs[J]>): Promise<Awaited<ReturnType<Jobs[J]>>>
  end(): unknown
}

export const thisPage: Context = {
  ask: async (job, ...argument) => (jobs[job] as (...given: unknown[]) => never)(...argument),
  end: () => undefined,
}

/** Start a worker of this page. Rejects if there is no such worker, or if it does not run the script as that type. */
export async function startWorker(kind: WorkerKind, type: WorkerType): Promise<Context> {
  const { target, failed, end } = await STARTS[kind](type)
  const worker: Context = {
    ask: (job, ...[argument]) =>
      new Promise((resolve, reject) => {
        const { port1, port2 } = new MessageChannel()
        failed.catch(reject)
        port1.onmessage = ({ data }: MessageEvent<Response>) => {
          port1.close()
          if ('error' in data) reject(new Error(`In the ${kind}: ${data.error}`))
          else resolve(data.answer as never)
        }
        target.postMessage({ job, argument } satisfies Request, [port2])
      }),
    end,
  }
  const late = new Promise<never>((_, reject) => setTimeout(reject, 20_000, new Error(`The ${kind} does not answer.`)))
  const runs = await Promise.race([worker.ask('scriptType'), late])
  if (runs !== type) throw new Error(`The ${kind} runs a ${type} script as a ${runs} one.`)
  return worker
}

interface Started {
  readonly target: Pick<Worker, 'postMessage'>
  /** Rejects when the browser says so. */
  readonly failed: Promise<never>
  end(): unknown
}

/** One file, whatever the worker. */
const script = new URL('./host.ts?bundle', import.meta.url)

const STARTS: Readonly<Record<WorkerKind, (type: WorkerType) => Promise<Started> | Started>> = {
  worker(type) {
    const worker = new Worker(script, { type })
    return { target: worker, failed: failureOf(worker), end: () => worker.terminate() }
  },
  'shared worker'(type) {
    // Under its own name it is not that of another test file.
    const worker = new SharedWorker(script, { type, name: crypto.randomUUID() })
    return { target: worker.port, failed: failureOf(worker), end: () => worker.port.close() }
  },
  async 'service worker'(type) {
    // A scope of its own makes a registration of its own, and it controls no page.
    const scope = new URL(`./${crypto.randomUUID()}/`, script).pathname
    const registration = await navigator.serviceWorker.register(script, { type, scope })
    const target = (registration.installing ?? registration.waiting ?? registration.active)!
    return { target, failed: new Promise(() => undefined), end: () => registration.unregister() }
  },
}

function failureOf(worker: AbstractWorker): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    worker.onerror = (event) => reject(new Error(`The worker failed: ${(event as Partial<ErrorEvent>).message}`))
  })
  failed.catch(() => undefined)
  return failed
}
