import { bundle } from './bundle.mjs'

/**
 * A plugin of vite's dev server that serves `path/to/script.ts?bundle` with all that it imports as one file, which runs
 * as a module and as a classic script: service workers cannot load modules later, and some engines let workers load none.
 *
 * @returns {import('vite').Plugin}
 */
export function bundledScripts() {
  return {
    name: 'bundled-scripts',
    configureServer({ config, middlewares, watcher }) {
      /** @type {Map<string, Promise<string>>} */
      const scripts = new Map()
      watcher.on('change', () => scripts.clear())
      middlewares.use((request, response, next) => {
        const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
        if (!searchParams.has('bundle')) return next()
        const script = scripts.get(pathname) ?? bundleOf(config.root, pathname)
        scripts.set(pathname, script)
        script.then((code) => response.setHeader('content-type', 'text/javascript').end(code), next)
      })
    },
  }
}

/**
 * @param {string} root
 * @param {string} path
 */
async function bundleOf(root, path) {
  const { code } = await bundle(root, `import ${JSON.stringify(`.${path}`)}`, ['browser'], { sources: true })
  return code
}
