// For backend authors: what turns bytes under names into a store. docs/writing-a-backend.md is its guide.
export { registerBackend } from './base/backend.ts'
export type {
  Blob,
  BlobBackend,
  BlobCapabilities,
  BlobOp,
  BlobWrite,
  ByteRange,
  Call,
  ListOptions,
  NamesPage,
  Notice,
  OpenContext,
  Watcher,
} from './base/backend.ts'
export { DESCRIPTOR_NAME } from './base/name.ts'
export type { PromiseOrValue } from './base/promise-or-value.ts'
export { type Check, type Schema, count, fields, flag, listOf, object, oneOf, optional, text } from './base/schema.ts'
export { type BlobOptions, blobOptions } from './backends/blob-options.ts'
export { frameVersion } from './codec/frame.ts'
export { type BlobDefinition, type ContainerState, blobDefinition } from './engine/blob-definition.ts'
