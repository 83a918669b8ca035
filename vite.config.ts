import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { PLAYGROUND_CSP } from './scripts/playground-csp.mjs'

/** The playground: `index.html` and `playground/`. */
export default defineConfig({
  base: './',
  plugins: [contentSecurityPolicy(), sideEffectsOfSources()],
  server: { host: '127.0.0.1' },
  build: {
    outDir: 'dist-playground',
    target: 'es2022',
    modulePreload: { polyfill: false },
  },
})

/** Only in the build: the dev server puts scripts and styles inline. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: PLAYGROUND_CSP },
        injectTo: 'head-prepend',
      },
    ],
  }
}

/** package.json lists the side effects of dist/ alone; the playground is built from src/, whose backends register too. */
function sideEffectsOfSources(): Plugin {
  const sources = fileURLToPath(new URL('src/', import.meta.url))
  return {
    name: 'side-effects-of-sources',
    apply: 'build',
    transform: (_code, id) => (id.startsWith(sources) ? { moduleSideEffects: true } : undefined),
  }
}
