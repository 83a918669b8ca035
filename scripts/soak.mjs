import { readdir } from 'node:fs/promises'
import process from 'node:process'

/** `npm run soak -- NAME`: run `test/soak/NAME.mjs`, which takes longer than a test may, or changes the machine. */
const folder = new URL('../test/soak/', import.meta.url)
const name = process.argv[2]
const names = (await readdir(folder)).filter((file) => file.endsWith('.mjs')).map((file) => file.slice(0, -4))

if (name === undefined || !names.includes(name)) {
  console.error(`Usage: npm run soak -- NAME, where NAME is one of: ${names.join(', ')}.`)
  process.exitCode = 1
} else {
  await import(new URL(`${name}.mjs`, folder).href)
}
