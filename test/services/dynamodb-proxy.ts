import { Buffer } from 'node:buffer'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

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
  const proxy: HttpProxy = {
    url: '',
    handler: ({ forward }) => forward(),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const forward = async (changed?: object): Promise<Answer> => {
      const init = { method: 'POST', headers: headers as Record<string, string> }
      const reply = await fetch(target, { ...init, body: changed ? JSON.stringify(changed) : body })
      return { status: reply.status, body: (await reply.json()) as Answer['body'] }
    }
    const operation = String(request.headers['x-amz-target']).split('.')[1]!
    const reply = await proxy.handler({ operation, body: JSON.parse(body.toString()) as Passing['body'], forward })
    if (reply === 'lost') return void request.socket.destroy()
    response.writeHead(reply.status, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': 'REQUEST-OF-THE-PROXY',
    })
    response.end(JSON.stringify(reply.body))
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(proxy, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}
