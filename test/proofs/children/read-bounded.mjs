import process from 'node:process'
import { pathToFileURL } from 'node:url'

/**
 * Read these keys of a store, and print for each the code of the error and by how many bytes the process grew at most.
 * Arguments: the library, the config as JSON, the keys.
 */

const [library, json, ...keys] = process.argv.slice(2)
const { connectStore } = await import(pathToFileURL(String(library)).href)
const store = await connectStore(JSON.parse(String(json)))
// What reading costs once.
for (let i = 0; i < 200; i++) await store.get('plain')

const results = []
for (const key of keys) {
  const before = process.resourceUsage().maxRSS
  const code = await store.get(key).then(
    () => 'no error',
    (/** @type {{ code: string }} */ error) => error.code,
  )
  results.push({ key, code, grown: (process.resourceUsage().maxRSS - before) * 1024 })
}
process.stdout.write(JSON.stringify(results))
