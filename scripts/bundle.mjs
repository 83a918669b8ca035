import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build } from 'vite'

/**
 * @typedef {object} Bundle
 * @property {string} code minified
 * @property {string} entry the name of its file
 * @property {Map<string, string>} files that and, with `splits`, the others, by name
 * @property {Map<string, string>} later those of them that are loaded only when they are needed
 * @property {Map<string, string>} modules what of each module is in it, by path, not minified
 * @property {string[]} builtins each import of a module of Node's, as `importer -> node:module`
 */

/**
 * Bundle `code`, a module of the project at `root`, the way an app is, under these export conditions besides `import`,
 * `module` and `production`.
 *
 * @param {string} root
 * @param {string} code
 * @param {readonly string[]} conditions
 * @param {{ splits?: boolean, sources?: boolean }} [options] `splits`: what is imported when it is needed is not in the
 *   bundle; `sources`: `code` imports modules of src/, of which nothing is left out, and the bundle is not minified
 * @returns {Promise<Bundle>}
 */
export async function bundle(root, code, conditions, { splits = false, sources = false } = {}) {
  /** @type {string[]} */
  const builtins = []
  const result = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [entry(root, code), recordBuiltins(builtins)],
    resolve: { conditions: [...conditions, 'module', 'production'] },
    build: {
      write: false,
      minify: !sources,
      target: 'es2022',
      modulePreload: false,
      // A library gets no helper that preloads modules, which a classic script could not run.
      ...(sources && { lib: { entry: ENTRY, formats: ['es'], fileName: 'entry' } }),
      rolldownOptions: {
        input: ENTRY,
        // Only platforms that take modules ready compiled import them.
        external: /\.wasm$/,
        preserveEntrySignatures: 'strict',
        // The package's `sideEffects` names the modules of dist/, not those of src/.
        treeshake: !sources,
        output: { codeSplitting: splits },
      },
    },
  })
  const outputs = [result].flat().flatMap((each) => ('output' in each ? each.output : []))
  const chunks = outputs.filter((output) => output.type === 'chunk')
  const chunk = chunks.find((output) => output.isEntry)
  if (chunk === undefined) throw new Error('The bundle has no chunk.')
  const start = [chunk, ...chunks.filter((each) => chunk.imports.includes(each.fileName))]
  const modules = new Map(
    start.flatMap((each) => Object.entries(each.modules).map(([id, module]) => [id, module.code ?? ''])),
  )
  const later = new Map(chunks.filter((each) => !start.includes(each)).map((each) => [each.fileName, each.code]))
  const files = new Map(chunks.map((each) => [each.fileName, each.code]))
  return { code: start.map((each) => each.code).join('\n'), entry: chunk.fileName, files, modules, later, builtins }
}

const ENTRY = 'virtual:entry'

/**
 * @param {string} root
 * @param {string} code
 * @returns {import('vite').Plugin}
 */
function entry(root, code) {
  const id = join(root, 'entry.js')
  return {
    name: 'entry',
    enforce: 'pre',
    resolveId: (source) => (source === ENTRY ? id : undefined),
    load: (source) => (source === id ? code : undefined),
  }
}

/**
 * @param {string[]} builtins
 * @returns {import('vite').Plugin}
 */
function recordBuiltins(builtins) {
  return {
    name: 'record-builtins',
    enforce: 'pre',
    resolveId(source, importer) {
      if (isBuiltin(source)) builtins.push(`${importer} -> ${source}`)
    },
  }
}
