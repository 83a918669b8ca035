import type { ErrorCode } from '../src/index.ts'

/** What to do about each error. */
export const REMEDIES: Readonly<Record<ErrorCode, string>> = {
  MISSING_ID: 'Give the config an id: a UUID, made once and kept.',
  INVALID_ID: 'The id must be a UUID string.',
  INVALID_CONFIG: 'Correct the fields that the message names.',
  UNKNOWN_BACKEND: 'Import the entry that registers this backend, or correct its name.',
  MISSING_DRIVER: 'Install the package that the message names.',
  STORE_NOT_FOUND: 'Create the store first, or connect without { create: false }.',
  STORE_EXISTS: 'Use connectStore for a store that is there already.',
  STORE_ID_MISMATCH: 'Use the id of the store that is there, or another place for the new one.',
  STORE_RELEASED: 'This handle was given back. Reload the front to get a new one.',
  STORE_LOST: 'The browser found this site’s databases damaged and deleted them: write again what you have a copy of.',
  SYNC_UNSUPPORTED: 'Leave out { sync: true } and await the call.',
  BUSY: 'The key has work under way: await the call, or try again in a moment.',
  ATOMIC_UNSUPPORTED: 'Make the batch smaller, or leave out { atomic: true } and write the pointer last.',
  INVALID_KEY:
    'Use a text, a finite number, a bigint, a boolean, null, a Date, bytes, or arrays and plain objects of these.',
  INVALID_PATH: 'Follow the value: fields by name, elements by index, at most one past the end of an array.',
  UNSERIALIZABLE_VALUE: 'Store plain data, or teach the codec the class with registerType.',
  REENTRANT_UPDATE: 'Read what the function needs before the update; it must not touch its own key.',
  NOT_A_VALUE: 'This entry is a log: read it with log, add to it with append.',
  NOT_BINARY: 'This entry is not a binary: read it with get.',
  NOT_A_LOG: 'This key holds something else. Append to another key, or delete the entry first.',
  NOT_RESIDENT: 'The key is not in memory yet: await one read, later ones can be synchronous.',
  CORRUPT_ENTRY: 'The stored bytes are not what was written. Restore the entry from a copy, or replace it with set.',
  UNSUPPORTED_LAYOUT:
    'The database holds something else, or was written by another version. Choose another name or id.',
  LIMIT_EXCEEDED: 'Split the value into several entries, or raise the limits in the config.',
  DECRYPTION_FAILED: 'Connect with the key that the entry was written with.',
  CONFLICT: 'Somebody else wrote at the same time. Read the entry again and repeat the change.',
  QUOTA_EXCEEDED: 'The browser gives this site no more space. Delete entries, or free disk space.',
  STORAGE_UNAVAILABLE:
    'Allow this site to store data, leave private browsing, close other tabs of this page, and try again.',
}
