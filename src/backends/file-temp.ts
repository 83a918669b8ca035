import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { type PromiseOrValue, each, rescue } from '../base/promise-or-value.ts'
import { type FileSystem, errnoOf } from './file-system.ts'

/** A fresh name for a file that is not yet, or no longer, an entry: `.tmp-<pid>-<start of the process>-<unique>`. */
export function tempName(): string {
  return `.tmp-${process.pid}-${ownStart}-${session}${(count++).toString(36)}`
}

export function isTempName(file: string): boolean {
  return TEMP.test(file)
}

/** Remove the temporary files of processes that are gone, and with `own` those of this one. */
export function removeTemps(
  files: FileSystem,
  path: string,
  names: readonly string[],
  options: { readonly own: boolean },
): PromiseOrValue<void> {
  const alive = new Map<string, boolean>()
  return each(names, (name) => {
    const [, pid, start] = TEMP.exec(name) ?? []
    if (pid === undefined || start === undefined) return
    const owner = `${pid}-${start}`
    if (!alive.has(owner)) alive.set(owner, isAlive(Number(pid), start))
    const ours = owner === `${process.pid}-${ownStart}`
    if (alive.get(owner) && !(ours && options.own)) return
    // Another process may clean up at the same time.
    return rescue(
      () => files.unlink(join(path, name)),
      (error) => {
        if (errnoOf(error) !== 'ENOENT') throw error
      },
    )
  })
}

const TEMP = /^\.tmp-(\d+)-(\d+)-[0-9a-z]+$/
const UNKNOWN_START = '0'
const ownStart = startOf(process.pid)
// Worker threads share the pid.
const session = crypto.randomUUID().slice(0, 8)
let count = 0

/** Whether the process still runs. A number that another process was given since is told by its start. */
function isAlive(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false
  }
  const now = startOf(pid)
  return now === start || now === UNKNOWN_START
}

/** When a process started, in clock ticks since the machine did (proc_pid_stat(5), field 22); 0 outside of Linux. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? UNKNOWN_START
  } catch {
    return UNKNOWN_START
  }
}
