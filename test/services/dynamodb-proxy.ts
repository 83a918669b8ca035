import { Buffer } from 'node:buffer'
import { startHttpFaults } from './http-faults.ts'

/** A request to DynamoDB on its way. */
export interface Passing {
  /** `PutItem`, and so on. */
  readonly operation: string
  readonly body: Readonly<Record<string, unknown>>
  /** Let the server do it, and answer with what it says. Each call does it once more. */
  forward(body?: object): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** What the client gets; `lost`: the connection ends without an answer. */
export type Handler = (request: Passing) => Promise<Answer | 'lost'>

export interface HttpProxy {
  readonly url: string
  /** Who answers from now on; at first the server does. */
  handler: Handler
  close(): Promise<void>
}

/** Between a client and DynamoDB at `target`: what one says to the other may be changed. */
export async function startHttpProxy(target: string): Promise<HttpProxy> {
  const faults = await startHttpFaults(Number(new URL(target).port))
  const proxy: HttpProxy = {
    url: faults.url,
    handler: ({ forward }) => forward(),
    close: () => faults.close(),
  }
  faults.fault = async ({ headers }, pass, sent) => {
    const forward = async (changed?: object): Promise<Answer> => {
      const { status, body } = await pass(changed && Buffer.from(JSON.stringify(changed)))
      return { status, body: JSON.parse(String(body)) as Answer['body'] }
    }
    const operation = String(headers['x-amz-target']).split('.')[1]!
    const reply = await proxy.handler({ operation, body: JSON.parse(sent.toString()) as Passing['body'], forward })
    if (reply === 'lost') return reply
    const shown = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'REQUEST-OF-THE-PROXY' }
    return { status: reply.status, headers: shown, body: JSON.stringify(reply.body) }
  }
  return proxy
}
