import { defineConfig } from 'vite'

/** The script-tag build, made from the compiled package: one classic script that defines `konserve`. */
export default defineConfig({
  define: { 'process.env.NODE_ENV': '"production"' },
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: 'dist/global.js', name: 'konserve', formats: ['iife'], fileName: () => 'konserve.global.js' },
  },
})
