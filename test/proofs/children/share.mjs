/**
 * One of several writers of one store: writes keys of its own, then waits until it has seen all of the others'. Async
 * and sync by turns. `share.mjs CONFIG OWN COUNT OTHER...`
 */
import process from 'node:process'
import { connectStore, releaseStore } from './engines.mjs'

const [config = '', own = '', count = '', ...others] = process.argv.slice(2)
const parsed = JSON.parse(config)
const store = await connectStore(parsed, { create: false })
for (let i = 0; i < Number(count); i++) {
  if (i % 2 === 0) await store.set(`${own}-${i}`, i)
  else store.set(`${own}-${i}`, i, { sync: true })
}
process.stdout.write('written\n')
for (const other of others) {
  for (let i = 0; i < Number(count); i++) {
    const key = `${other}-${i}`
    // No turn of the event loop lies between two synchronous reads.
    if (i % 2 === 0) while (store.get(key, { sync: true }) !== i);
    else while ((await store.get(key)) !== i);
  }
}
await releaseStore(parsed, store)
process.stdout.write('seen\n')
