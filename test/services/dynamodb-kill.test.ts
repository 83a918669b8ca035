import { expect, test } from 'vitest'
import '../../src/backends/dynamodb-node.ts'
import * as library from '../../src/node.ts'
import { dynamoDbKillRounds } from './dynamodb-kills.mjs'

test('a server on disk that is killed in the middle of work has all that was acknowledged, and nothing twice', async () => {
  expect(await dynamoDbKillRounds(library, 3)).toMatch(/^3 kills of the server, \d{2,} writes/)
}, 240_000)
