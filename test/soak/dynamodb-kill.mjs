/** DynamoDB Local on disk is killed in the middle of the work of several writers, 20 times. */
import { existsSync } from 'node:fs'
import process from 'node:process'
import { dynamoDbKillRounds } from '../services/dynamodb-kills.mjs'

const DIST = new URL('../../dist/', import.meta.url)

if (!existsSync(DIST)) {
  console.error('The soak uses the built package: run `npm run build` first.')
  process.exit(1)
}

/** @type {typeof import('../../src/node.ts')} */
const library = await import(new URL('node.js', DIST).href)
await import(new URL('backends/dynamodb.js', DIST).href)
console.log(`dynamodb-kill: ${await dynamoDbKillRounds(library, 20)}`)
