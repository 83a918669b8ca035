import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { skewOf } from '../../src/backends/aws-errors.ts'
import { crc32c, crc32cBase64 } from '../../src/backends/crc32c.ts'
import { bucketUrl } from '../../src/backends/s3-bucket.ts'
import {
  extended,
  isComplete,
  newWriteId,
  stateOf,
  stateOfVersion,
  versionOf,
  writesSince,
} from '../../src/backends/s3-history.ts'
import { elementsOf, escapeXml, rootOf, textOf } from '../../src/backends/s3-xml.ts'

test('CRC-32C has the values of RFC 3720 and its check value', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(crc32c(ascending)).toBe(0x46dd794e)
  expect(crc32c(ascending.slice().reverse())).toBe(0x113fdb5c)
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(0))).toBe(0)
  expect(crc32cBase64(Buffer.from('123456789'))).toBe('4waSgw==')
})

test('CRC-32C of any bytes is what a bit at a time makes of them', () => {
  const slow = (bytes: Uint8Array): number => {
    let crc = -1
    for (const byte of bytes) {
      crc ^= byte
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    }
    return ~crc >>> 0
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => crc32c(bytes) === slow(bytes)))
})

test('text of any characters comes back from an element', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(textOf(`<Key>${escapeXml(text)}</Key>`, 'Key')).toBe(text)
    }),
  )
  expect(textOf('<Key>&amp;&lt;&gt;&quot;&apos;&#233;&#xe9;&#x1F600;</Key>', 'Key')).toBe(`&<>"'éé😀`)
})

test('elements are found in their order, whatever else is there', () => {
  const document =
    '<?xml version="1.0" encoding="UTF-8"?>\n<List xmlns="http://s3/"><Keys>no</Keys><Item><Key>a</Key></Item><Item/><Item><Key></Key></Item></List>\n'
  const root = rootOf(document, 'List')!
  expect(elementsOf(root, 'Item').map((item) => textOf(item, 'Key'))).toEqual(['a', ''])
  expect(textOf(root, 'Missing')).toBeUndefined()
})

test('a document that is cut short, or is another one, is refused, and so is a character that there is not', () => {
  expect(rootOf('<List><Item></Item>', 'List')).toBeUndefined()
  expect(rootOf('<html><List></List></html>', 'List')).toBeUndefined()
  expect(rootOf('<Error><Code>InternalError</Code></Error>', 'List')).toBeUndefined()
  for (const entity of ['&#x110000;', '&nbsp;', '&#99999999999;']) {
    expect(() => textOf(`<Key>${entity}</Key>`, 'Key')).toThrow(
      expect.objectContaining({ code: 'STORAGE_UNAVAILABLE' }),
    )
  }
})

test('a history has the last writes, and tells whether it has all since a state', () => {
  const ids = Array.from({ length: 100 }, newWriteId)
  let state = stateOf('"e"', extended(ids[0]!, null))
  const first = state
  for (const id of ids.slice(1, 50)) state = stateOf('"e"', extended(id, state))
  expect([writesSince(ids[49]!, state.history), writesSince(ids[0]!, state.history)]).toEqual([0, 49])
  expect([isComplete(state.history, null), isComplete(state.history, first)]).toEqual([true, true])
  for (const id of ids.slice(50)) state = stateOf('"e"', extended(id, state))
  expect([writesSince(ids[99]!, state.history), writesSince(ids[0]!, state.history)]).toEqual([0, -1])
  expect([isComplete(state.history, null), isComplete(state.history, first)]).toEqual([false, false])
  // With all headers it has to fit into the 2 KiB that S3 keeps.
  expect(state.history.length).toBeLessThan(1024)
  expect(stateOfVersion(versionOf(state))).toEqual(state)
})

test('a write over whatever is there begins a history that says nothing of what was before', () => {
  const id = newWriteId()
  const state = stateOf('"e"', extended(id, undefined))
  expect(isComplete(state.history, null)).toBe(false)
  expect(isComplete(state.history, stateOf('"f"', newWriteId()))).toBe(false)
  expect(isComplete(state.history, stateOf('"f"', null))).toBe(false)
  for (const foreign of [null, '', 'other', `${id}x`]) expect(stateOf('"e"', foreign).history).toBe('')
})

test.each([
  [{}, 'https://stores.s3.eu-central-1.amazonaws.com'],
  [{ region: 'cn-north-1' }, 'https://stores.s3.cn-north-1.amazonaws.com.cn'],
  [{ bucket: 'my.stores' }, 'https://s3.eu-central-1.amazonaws.com/my.stores'],
  [{ style: 'path' as const }, 'https://s3.eu-central-1.amazonaws.com/stores'],
  [{ endpoint: 'http://127.0.0.1:9000/' }, 'http://127.0.0.1:9000/stores'],
  [{ endpoint: 'https://host/storage/v1/s3' }, 'https://host/storage/v1/s3/stores'],
  [{ endpoint: 'https://host', style: 'virtual-host' as const }, 'https://stores.host'],
])('the address of a bucket with %o is %s', (fields, url) => {
  expect(bucketUrl({ bucket: 'stores', region: 'eu-central-1', ...fields })).toBe(url)
})

test('how wrong the clock is comes from the header, from the answer, or from the message', () => {
  const hour = 3_600_000
  const ahead = new Date(Date.now() + hour)
  const compact = ahead.toISOString().replace(/[:-]|\.\d{3}/g, '')
  const s3 = { code: 'RequestTimeTooSkewed', message: '', requestId: undefined }
  const dynamo = {
    code: 'InvalidSignatureException',
    message: `Signature expired: 20200101T000000Z is now earlier than 20200101T001000Z (${compact} - 5 min.)`,
    requestId: undefined,
  }
  const none = new Headers()
  for (const skew of [
    skewOf(s3, new Headers({ date: ahead.toUTCString() }), ''),
    skewOf(s3, none, `<ServerTime>${ahead.toISOString()}</ServerTime>`),
    skewOf(dynamo, none, ''),
  ]) {
    expect(Math.abs(skew! - hour)).toBeLessThan(5000)
  }
  expect(skewOf({ ...dynamo, message: 'wrong' }, new Headers({ date: ahead.toUTCString() }), '')).toBeUndefined()
  expect(skewOf(s3, none, '')).toBeUndefined()
})
