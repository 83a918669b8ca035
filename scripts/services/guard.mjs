import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import process from 'node:process'

/**
 * `guard.mjs FOLDER PROGRAM ARG...`: the process between us and a server. Each message to it starts the server; it answers
 * with the process id, and without one when the server is gone. Whoever started it lets go of it in the end, and the system
 * does that for one that was killed: then the server ends, and its folder goes.
 */
const [folder = '', program = '', ...args] = process.argv.slice(2)

process.on('message', () => {
  // What was sent by somebody who has died since.
  if (!process.connected) return
  const server = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const end = () => void server.kill('SIGKILL')
  /** @param {number} [pid] */
  const tell = (pid) => {
    // An error is handled by `disconnect`, which follows.
    if (process.connected) process.send?.({ pid }, () => undefined)
  }
  const gone = () => {
    process.off('disconnect', end)
    tell()
  }
  process.once('disconnect', end)
  server.once('exit', gone)
  server.once('error', (error) => {
    console.error(error.message)
    gone()
  })
  if (server.pid !== undefined) tell(server.pid)
})
// Nothing keeps this process when nobody holds it and the server is gone.
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
