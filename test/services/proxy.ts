import type { Buffer } from 'node:buffer'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

/** A TCP connection through which a client reaches a server, and that can lose what the server answers. */
export interface Proxy {
  readonly port: number
  /** How many answers were lost, each after the server had done what it was asked. */
  readonly lost: number
  /** Lose the answer to every `nth` request that `isWrite` says yes to, until `most` are lost. */
  loseAnswers(nth: number, most: number, isWrite: (request: Buffer) => boolean): void
  /** Whether new connections are refused. */
  refuses: boolean
  /** Bytes that the server has sent since the start. */
  readonly received: number
  close(): Promise<void>
}

/** Between here and a server on 127.0.0.1. A lost answer ends its connection on both sides. */
export async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let isWrite: (request: Buffer) => boolean = () => false
  let every = 1
  let left = 0
  let lost = 0
  let seen = 0
  let received = 0
  const server = createServer((client) => {
    if (proxy.refuses) return void client.destroy()
    const upstream = connect(target, '127.0.0.1')
    let losing = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data) => {
      if (left > 0 && isWrite(data) && ++seen % every === 0) {
        left--
        losing = true
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      received += data.length
      if (!losing) return void client.write(data)
      lost++
      client.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: Proxy = {
    refuses: false,
    port: (server.address() as AddressInfo).port,
    get lost() {
      return lost
    },
    get received() {
      return received
    },
    loseAnswers(nth, most, writes) {
      every = nth
      left = most
      isWrite = writes
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}
