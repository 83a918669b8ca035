import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { freePort, startService } from '../../scripts/services.mjs'
import '../../src/backends/redis.ts'
import { connectStore, deleteStore } from '../../src/node.ts'
import { runEngineSuite } from './suite.ts'

const SLOTS = 16384

const cluster = await startCluster()
afterAll(() => cluster.stop())

const config = () => ({ backend: 'redis' as const, id: crypto.randomUUID(), cluster: cluster.nodes })

runEngineSuite({ name: 'redis, cluster of three', module: 'backends/redis.js', config })

test('the stores of a cluster are spread over its nodes', async () => {
  const places = Array.from({ length: 30 }, config)
  for (const place of places) await (await connectStore(place)).set('a', 1)
  const sizes = await Promise.all(cluster.clients.map((client) => client.dbsize()))
  expect(
    sizes.every((size) => size > 0),
    String(sizes),
  ).toBe(true)
  for (const place of places) await deleteStore(place)
})

/** Three nodes, each with a third of the slots. */
async function startCluster() {
  const buses = await Promise.all([freePort(), freePort(), freePort()])
  const services = await Promise.all(
    buses.map((bus) => startService('redis', { args: ['--cluster-enabled', 'yes', '--cluster-port', String(bus)] })),
  )
  const clients = services.map(({ port }) => new Redis({ port }))
  for (const [i, client] of clients.entries()) {
    const [from, to] = [Math.ceil((SLOTS * i) / 3), Math.ceil((SLOTS * (i + 1)) / 3) - 1]
    await client.call('cluster', 'addslotsrange', String(from), String(to))
  }
  for (const [i, { port }] of services.entries()) {
    await clients[0]!.call('cluster', 'meet', '127.0.0.1', String(port), String(buses[i]))
  }
  for (const client of clients) {
    while (!(await client.cluster('INFO')).includes('cluster_state:ok')) await delay(50)
    while (String(await client.cluster('SLOTS')).split('127.0.0.1').length !== 4) await delay(50)
  }
  return {
    nodes: services.map(({ port }) => ({ host: '127.0.0.1', port })),
    clients,
    async stop() {
      for (const client of clients) client.disconnect()
      await Promise.all(services.map(({ stop }) => stop()))
    },
  }
}
