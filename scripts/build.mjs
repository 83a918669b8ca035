import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))

rmSync(join(root, 'dist'), { recursive: true, force: true })
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
if (status !== 0) process.exit(1)
cpSync(join(root, 'wasm/artifacts'), join(root, 'dist/wasm'), {
  recursive: true,
  filter: (file) => !file.endsWith('.json'),
})
for (const configFile of ['vite.global.config.ts', 'vite.config.ts']) {
  await build({ root, configFile: join(root, configFile), logLevel: 'warn' })
}
console.log('Built dist/ (the package, with dist/konserve.global.js for a script tag) and dist-playground/.')
