import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Subject } from './history.ts'
import type { Given } from './scenarios.ts'

/** A change of one file of the tier, after which something is wrong. */
export interface Plant {
  readonly file: string
  readonly from: string
  readonly to: string
  /** Where it shows. */
  readonly given?: Given
}

const engine = fileURLToPath(new URL('../../src/engine/', import.meta.url))

/** The tier with a fault in it, beside the sound one, and how to remove it again. */
export async function planted({
  file,
  from,
  to,
}: Plant): Promise<{ readonly subject: Subject; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(engine, 'planted-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true })
  try {
    await cp(join(engine, 'tier'), folder, { recursive: true })
    const path = join(folder, file)
    const text = await readFile(path, 'utf8')
    if (text.split(from).length !== 2) throw new Error(`${file} has this ${text.split(from).length - 1} times: ${from}`)
    await writeFile(
      path,
      text.replace(from, () => to),
    )
    return { subject: (await import(join(folder, 'tier.ts'))) as Subject, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** What an earlier run has left. */
export async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(engine))
    if (name.startsWith('planted-')) await rm(join(engine, name), { recursive: true })
}
