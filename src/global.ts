// The script-tag build: everything of the browser entry under the global `konserve`.
export * from './browser.ts'
