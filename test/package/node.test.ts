import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'

const project = inject('project')
const run = promisify(execFile)
const id = '0f4e9d0c-7a53-4d7b-9f0b-2f6f0f1c9a10'

test.each([
  { backend: 'memory', id },
  { backend: 'file', id, path: join(project, 'store') },
])('Node imports the installed package and keeps a value in a $backend store', async (config) => {
  const program = `
    import { connectStore, deleteStore, releaseStore } from 'konserve-ts'
    const config = ${JSON.stringify(config)}
    const store = await connectStore(config)
    await store.set('greeting', { hello: ['world', 1] })
    console.log(JSON.stringify(await store.get('greeting')))
    await releaseStore(config, store)
    await deleteStore(config)
  `
  await writeFile(join(project, `${config.backend}.js`), program)
  const { stdout } = await run(process.execPath, [`${config.backend}.js`], { cwd: project })
  expect(JSON.parse(stdout)).toEqual({ hello: ['world', 1] })
})

test('a backend whose driver is not installed says which one is missing', async () => {
  const program = `
    import { connectStore } from 'konserve-ts'
    import 'konserve-ts/s3'
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' }
    const config = { backend: 's3', id: '${id}', bucket: 'stores', region: 'us-east-1', credentials }
    await connectStore(config).catch(({ code, message }) => console.log(code, message))
  `
  await writeFile(join(project, 'driver.js'), program)
  const { stdout } = await run(process.execPath, ['driver.js'], { cwd: project })
  expect(stdout).toBe(
    'MISSING_DRIVER The driver aws4fetch is not installed, or does not run on this platform. Install it: npm install aws4fetch\n',
  )
})

test('the declarations compile in a strict project that checks its libraries', async () => {
  const program = `
    import { connectStore } from 'konserve-ts'
    import 'konserve-ts/js'
    import 'konserve-ts/testing'
    import { listStores } from 'konserve-ts/s3'
    const store = await connectStore({ backend: 'memory', id: '${id}' })
    const value: unknown = await store.get('key')
    // @ts-expect-error a file store needs its path
    connectStore({ backend: 'file', id: '${id}' })
    connectStore({ backend: 's3', id: '${id}', bucket: 'stores', region: 'us-east-1' })
    // @ts-expect-error an s3 store needs its bucket
    connectStore({ backend: 's3', id: '${id}', region: 'us-east-1' })
    export { value, listStores }
  `
  await writeFile(join(project, 'consumer.ts'), program)
  const options = ['--noEmit', '--ignoreConfig', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false']
  const environment = ['--target', 'es2022', '--lib', 'es2023,dom,dom.iterable,dom.asynciterable,esnext.disposable']
  for (const resolution of [
    ['--module', 'nodenext'],
    ['--module', 'esnext', '--moduleResolution', 'bundler', '--customConditions', 'node'],
  ]) {
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
    const args = [tsc, ...options, ...environment, ...resolution, '--types', '', 'consumer.ts']
    const output = await run(process.execPath, args, { cwd: project }).then(
      () => '',
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    )
    expect(output).toBe('')
  }
})
