import core from './core.ts'

/** The first module, inlined and compiled synchronously: the one way that works with every bundler and without any. */
export function inlinedCore(): WebAssembly.Module {
  return compile(core)
}

/** A module of which `source` is the base64. */
export function compile(source: string): WebAssembly.Module {
  return new WebAssembly.Module(Uint8Array.from(atob(source), (character) => character.charCodeAt(0)))
}
