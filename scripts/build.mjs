import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))

rmSync(`${root}dist`, { recursive: true, force: true })
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}tsconfig.build.json`], {
  stdio: 'inherit',
})
for (const configFile of [`${root}vite.global.config.ts`, `${root}vite.config.ts`]) {
  await build({ root, configFile, logLevel: 'warn' })
}
console.log('Built dist/ (the package, with dist/konserve.global.js for a script tag) and dist-playground/.')
