import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The library for other processes: the Node entry as one file, in a folder of its own under `folder`. */
export async function buildForNode(folder: string): Promise<string> {
  await build({
    root,
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: {
      ssr: 'src/node.ts',
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      // The package's `sideEffects` names the modules of dist/, not those of src/.
      rolldownOptions: { treeshake: false, output: { entryFileNames: 'node.mjs' } },
    },
  })
  return join(folder, 'node.mjs')
}

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'konserve-proof-'))
}

/** A process that runs `children/<script>.mjs` with these arguments; whatever it prints to stderr is shown. */
export function startChild(script: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(`children/${script}.mjs`, import.meta.url))
  return spawn(execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** The first that the process prints; an error if it ends before. */
export function firstOutput(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout!.once('data', (data) => resolve(String(data)))
    child.once('close', (code) => reject(new Error(`The process ended with ${code} before it was ready.`)))
  })
}

export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('close', () => resolve())
  })
}

/** All that the process prints until it ends. */
export async function outputOf(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout!.setEncoding('utf8')
  child.stdout!.on('data', (text: string) => (output += text))
  await new Promise((resolve) => child.once('close', resolve))
  return output
}
