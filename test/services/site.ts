import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../scripts/bundle.mjs'
import { serve } from '../../scripts/serve.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>konserve</title>
<link rel="icon" href="data:,">
<script type="module">
  import * as konserve from './konserve.js'
  window.konserve = konserve
</script>
`

/** A server of a page that has the browser entry, and this module of src/ besides, as `konserve`. Its files are in `folder`. */
export async function serveLibrary(folder: string, module: string): ReturnType<typeof serve> {
  const code = `export * from './src/browser.ts'\nexport * from './src/${module}'\n`
  const built = await bundle(root, code, ['browser'], { sources: true })
  if (built.builtins.length > 0) throw new Error(`The page needs ${built.builtins.join(', ')}.`)
  await writeFile(join(folder, 'konserve.js'), built.code)
  await writeFile(join(folder, 'index.html'), PAGE)
  return serve(folder)
}
