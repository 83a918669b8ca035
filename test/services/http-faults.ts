import { Buffer } from 'node:buffer'
import { type IncomingMessage, type ServerResponse, createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HttpAnswer {
  readonly status: number
  readonly headers?: NodeJS.Dict<string | string[]>
  readonly body?: Buffer | string
}

/** What happens to a request: an answer, or `lost`: the connection ends without one. */
export type Fault = (
  request: IncomingMessage,
  /** Let the server do it, and answer with what it says. Each call does it once more, with another body if one is given. */
  forward: (body?: Buffer) => Promise<HttpAnswer>,
  body: Buffer,
) => Promise<HttpAnswer | 'lost'> | HttpAnswer | 'lost'

/** An HTTP server in front of another one on 127.0.0.1, where a test decides what becomes of each request. */
export interface HttpFaults {
  readonly url: string
  /** Requests are forwarded as they are until there is one. */
  fault: Fault | undefined
  close(): Promise<void>
}

export async function startHttpFaults(target: number): Promise<HttpFaults> {
  const server = createServer((request, response) => void answer(request, response))
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = Buffer.concat(await request.toArray())
      const forward = (changed: Buffer = body): Promise<HttpAnswer> => forwarded(target, request, changed)
      const given = faults.fault ? await faults.fault(request, forward, body) : await forward()
      if (given === 'lost') request.socket.destroy()
      else response.writeHead(given.status, given.headers).end(given.body)
    } catch {
      request.socket.destroy()
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const faults: HttpFaults = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: undefined,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return faults
}

/** With the host that the client has signed. */
async function forwarded(port: number, request: IncomingMessage, body: Buffer): Promise<HttpAnswer> {
  const { method, url } = request
  const headers = { ...request.headers, 'content-length': String(body.length) }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    send({ host: '127.0.0.1', port, method, path: url, headers }, resolve).once('error', reject).end(body)
  })
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(await response.toArray()) }
}
