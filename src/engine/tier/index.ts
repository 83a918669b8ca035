// What pages load when the first tiered store is opened.
export { openBack } from './back.ts'
export { tieredBackend } from './tier.ts'
