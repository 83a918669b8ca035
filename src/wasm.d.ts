// Platforms that do not compile bytes import modules ready compiled.
declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}
