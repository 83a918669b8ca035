// `konserve-ts/s3` where threads can be waited for.
import { registerBackend } from '../base/backend.ts'
import { blobDefinition } from '../engine/blob-definition.ts'
import { s3Definition } from './s3-definition.ts'
import { withSyncCalls } from './sync-calls.ts'

export * from './s3.ts'

registerBackend('s3', blobDefinition(withSyncCalls('s3', import.meta.url, s3Definition)))
