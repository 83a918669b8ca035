import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import process from 'node:process'
import { expect, test } from 'vitest'
import { type Service, startService } from '../../scripts/services.mjs'
import { firstOutput } from '../proofs/processes.ts'

const MODULE = new URL('../../scripts/services.mjs', import.meta.url).href
/** Starts a server, says where it is, and does what it is told then. */
const OWNER = `
  import { startService } from ${JSON.stringify(MODULE)}
  const service = await startService('redis')
  console.log(JSON.stringify(service))
  process.stdin.once('data', (code) => eval(String(code)))
`

/** What is left of a server. The system listens for one as long as its process is there, stopped or not. */
async function leftOf({ port, folder }: Pick<Service, 'port' | 'folder'>): Promise<string[]> {
  const socket = connect(port, '127.0.0.1')
  const listens = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return [...(listens ? ['server'] : []), ...(existsSync(folder) ? ['folder'] : [])]
}

const endings: Record<string, (owner: ChildProcess) => unknown> = {
  'was killed': (owner) => owner.kill('SIGKILL'),
  'was killed with its whole group': (owner) => process.kill(-owner.pid!, 'SIGKILL'),
  'was told to end': (owner) => owner.kill('SIGTERM'),
  'has thrown': (owner) => owner.stdin!.write('throw "on purpose"'),
  'was killed while its server was stopped': (owner) =>
    owner.stdin!.write('service.signal("SIGSTOP"); process.kill(process.pid, "SIGKILL")'),
  'was killed while its server was starting again': (owner) =>
    owner.stdin!.write('service.kill().then(() => { service.start(); process.kill(process.pid, "SIGKILL") })'),
}
for (const [how, end] of Object.entries(endings)) {
  test(`a server and its folder do not outlive a process that ${how}`, async () => {
    const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER], { detached: true })
    const service = JSON.parse(await firstOutput(owner)) as Service
    expect(await leftOf(service)).toEqual(['server', 'folder'])
    end(owner)
    await expect.poll(() => existsSync(service.folder), { timeout: 20_000 }).toBe(false)
    expect(await leftOf(service)).toEqual([])
  })
}

test('a server that was killed starts again where it was, and is gone with its folder once it is stopped', async () => {
  const service = await startService('redis')
  await service.kill()
  expect(await leftOf(service)).toEqual(['folder'])
  await service.start()
  expect(await leftOf(service)).toEqual(['server', 'folder'])
  await service.stop()
  expect(await leftOf(service)).toEqual([])
  await service.stop()
})

test('a server that does not start is an error with what it said', async () => {
  const starting = startService('redis', { args: ['--no-such-option', 'x'] })
  await expect(starting).rejects.toThrow(/did not start[^]*no-such-option/)
})
