import { expect, test } from 'vitest'
import * as errors from '../../src/base/errors.ts'

const CLASSES: Record<string, string> = {
  MissingIdError: 'MISSING_ID',
  InvalidIdError: 'INVALID_ID',
  UnknownBackendError: 'UNKNOWN_BACKEND',
  MissingDriverError: 'MISSING_DRIVER',
  StoreNotFoundError: 'STORE_NOT_FOUND',
  StoreExistsError: 'STORE_EXISTS',
  StoreIdMismatchError: 'STORE_ID_MISMATCH',
  StoreReleasedError: 'STORE_RELEASED',
  StoreLostError: 'STORE_LOST',
  SyncUnsupportedError: 'SYNC_UNSUPPORTED',
  BusyError: 'BUSY',
  AtomicUnsupportedError: 'ATOMIC_UNSUPPORTED',
  InvalidKeyError: 'INVALID_KEY',
  InvalidPathError: 'INVALID_PATH',
  ReentrantUpdateError: 'REENTRANT_UPDATE',
  NotAValueError: 'NOT_A_VALUE',
  NotBinaryError: 'NOT_BINARY',
  NotALogError: 'NOT_A_LOG',
  NotResidentError: 'NOT_RESIDENT',
  CorruptEntryError: 'CORRUPT_ENTRY',
  UnsupportedLayoutError: 'UNSUPPORTED_LAYOUT',
  LimitExceededError: 'LIMIT_EXCEEDED',
  DecryptionError: 'DECRYPTION_FAILED',
  ConflictError: 'CONFLICT',
  QuotaExceededError: 'QUOTA_EXCEEDED',
  StorageUnavailableError: 'STORAGE_UNAVAILABLE',
}

test('every error class has its own name and code, and carries key and cause', () => {
  for (const [name, code] of Object.entries(CLASSES)) {
    const Class = new Map<string, unknown>(Object.entries(errors)).get(name) as errors.CodedErrorClass<errors.ErrorCode>
    const cause = new Error('beneath')
    const error = new Class('message', { key: ['k'], cause })
    expect(error).toBeInstanceOf(errors.KonserveError)
    expect(error).toBeInstanceOf(Class)
    expect({ name: error.name, code: error.code, message: error.message, key: error.key, cause: error.cause }).toEqual({
      name,
      code,
      message: 'message',
      key: ['k'],
      cause,
    })
    expect(String(error)).toBe(`${name}: message`)
  }
})

test('an error without a key or a cause has neither', () => {
  const error = new errors.BusyError('busy')
  expect('key' in error).toBe(false)
  expect('cause' in error).toBe(false)
})

test('InvalidConfigError lists each wrong field by its path', () => {
  const error = new errors.InvalidConfigError([
    { path: 'path', message: 'is missing' },
    { path: 'limits.depth', message: 'is no number' },
  ])
  expect(error.message).toBe('Invalid store config: path: is missing; limits.depth: is no number')
  expect(error.code).toBe('INVALID_CONFIG')
  expect(error.issues).toHaveLength(2)
})

test('UnserializableValueError names the path to the part that cannot be stored', () => {
  const error = new errors.UnserializableValueError('a function', ['a', 0, 'b c'])
  expect(error.message).toMatch(/^Cannot store a function at value\.a\[0\]\["b c"\]/)
  expect(error.path).toEqual(['a', 0, 'b c'])
})
