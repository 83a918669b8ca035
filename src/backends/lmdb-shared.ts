import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DATA_FILE, type Environment, openEnvironment } from './lmdb-environment.ts'

interface Place {
  readonly environment: Environment
  /** Which file it is, whatever is at the path by now. */
  readonly file: string | undefined
  users: number
}

const places = new Map<string, Place>()
/** Environments that nobody uses and that stay open all the same. */
const MOST_IDLE = 32
/** How often an environment is opened anew whose locks do not work, and how long it takes until then, in milliseconds. */
const MOST_TRIES = 50
const LONGEST_PAUSE = 20

/**
 * The environment of a folder, which this process opens once and then keeps (docs/decisions/lmdb-stays-open.md): the last
 * process that closes one destroys its locks, and another that opens it at that moment is left without.
 */
export function takeEnvironment(path: string): Environment {
  const idle = places.get(path)
  // The folder was removed, and perhaps made anew.
  if (idle?.users === 0 && idle.file !== fileAt(path)) void discardEnvironment(path)
  const place = places.get(path) ?? { environment: openSound(path), file: fileAt(path), users: 0 }
  // The one that was used last is the last to go.
  places.delete(path)
  places.set(path, place)
  place.users++
  return place.environment
}

/** It stays open: who takes it again finds it so. */
export function releaseEnvironment(path: string): void {
  const place = places.get(path)
  if (place === undefined) return
  place.users--
  const idle = [...places].filter(([, { users }]) => users === 0)
  if (idle.length > MOST_IDLE) void discardEnvironment(idle[0]![0])
}

/** Close it, if nobody uses it: its files are about to be removed. */
export function discardEnvironment(path: string): Promise<void> | undefined {
  const place = places.get(path)
  if (place === undefined || place.users > 0) return undefined
  places.delete(path)
  return place.environment.close()
}

function openSound(path: string): Environment {
  for (let tries = 1; ; tries++) {
    try {
      return openEnvironment(path)
    } catch (error) {
      if (tries === MOST_TRIES || !hasNoLocks(error)) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * LONGEST_PAUSE)
    }
  }
}

const EINVAL = 22

function hasNoLocks(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  return code === EINVAL || /read transaction/i.test(String(message))
}

function fileAt(path: string): string | undefined {
  const found = statSync(join(path, DATA_FILE), { throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}
