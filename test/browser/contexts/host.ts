import { type Job, type Response, jobs } from './jobs.ts'

// The script of every worker. A request comes with a port for its answer, and is all that it needs: a service worker may
// have been stopped since the last one. While it waits for an answer the browser does not stop it.
addEventListener('message', answer)

// A shared worker gets its messages from a port a page.
addEventListener('connect', (event) => {
  const { ports } = event as MessageEvent
  for (const port of ports) port.addEventListener('message', answer)
  for (const port of ports) port.start()
})

export interface Request {
  readonly job: Job
  readonly argument: unknown
}

function answer(event: MessageEvent<Request> & { waitUntil?(done: Promise<void>): void }): void {
  const { data, ports } = event
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is a port, not a window
  const done = run(data).then((response) => ports[0]!.postMessage(response))
  event.waitUntil?.(done)
}

async function run({ job, argument }: Request): Promise<Response> {
  try {
    const work = jobs[job] as (given: unknown) => unknown
    return { answer: await work(argument) }
  } catch (error) {
    return { error: error instanceof Error ? `${error}\n${error.stack}` : String(error) }
  }
}
