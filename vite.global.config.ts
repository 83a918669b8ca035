import { defineConfig } from 'vite'

/** The script-tag build, made from the compiled package: one classic script that defines `konserve`. */
export default defineConfig({
  define: { 'process.env.NODE_ENV': '"production"' },
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    // What compresses and encrypts is loaded from beside the script, when a store needs it.
    rolldownOptions: { external: /\/full\.js$/, output: { paths: () => './codec/wasm/full.js' } },
    lib: { entry: 'dist/global.js', name: 'konserve', formats: ['iife'], fileName: () => 'konserve.global.js' },
  },
})
