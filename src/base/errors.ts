/** The stable code of each error; `docs/errors.md` has the remedy for every one of them. */
export type ErrorCode =
  | 'MISSING_ID'
  | 'INVALID_ID'
  | 'INVALID_CONFIG'
  | 'UNKNOWN_BACKEND'
  | 'MISSING_DRIVER'
  | 'STORE_NOT_FOUND'
  | 'STORE_EXISTS'
  | 'STORE_ID_MISMATCH'
  | 'STORE_RELEASED'
  | 'STORE_LOST'
  | 'SYNC_UNSUPPORTED'
  | 'BUSY'
  | 'ATOMIC_UNSUPPORTED'
  | 'INVALID_KEY'
  | 'INVALID_PATH'
  | 'UNSERIALIZABLE_VALUE'
  | 'REENTRANT_UPDATE'
  | 'NOT_A_VALUE'
  | 'NOT_BINARY'
  | 'NOT_A_LOG'
  | 'NOT_RESIDENT'
  | 'CORRUPT_ENTRY'
  | 'UNSUPPORTED_LAYOUT'
  | 'LIMIT_EXCEEDED'
  | 'DECRYPTION_FAILED'
  | 'CONFLICT'
  | 'QUOTA_EXCEEDED'
  | 'STORAGE_UNAVAILABLE'

export interface ErrorDetails {
  /** The key that the failing call was about; absent where no single key was. */
  key?: unknown
  cause?: unknown
  /** Of QUOTA_EXCEEDED, where it is known: bytes that are used, and that may be. */
  usage?: number | undefined
  quota?: number | undefined
}

/** What every error of this library extends: `code` is stable, `key` names the entry, `cause` is what lay beneath. */
export class KonserveError extends Error {
  declare readonly code: ErrorCode
  declare key?: unknown
  declare usage?: number | undefined
  declare quota?: number | undefined

  constructor(code: ErrorCode, message: string, details?: ErrorDetails) {
    super(message, details)
    this.code = code
    Object.assign(this, details)
  }

  static {
    this.prototype.name = 'KonserveError'
  }
}

/** A KonserveError whose code alone says what happened. */
export type CodedError<C extends ErrorCode> = KonserveError & { readonly code: C }

/** Its class, to be built as `new X(message, { key, cause })` and tested with `instanceof`. */
export interface CodedErrorClass<C extends ErrorCode> {
  new (message: string, details?: ErrorDetails): CodedError<C>
  readonly prototype: CodedError<C>
}

export const MissingIdError: CodedErrorClass<'MISSING_ID'> = coded('MissingId')
export type MissingIdError = CodedError<'MISSING_ID'>
export const InvalidIdError: CodedErrorClass<'INVALID_ID'> = coded('InvalidId')
export type InvalidIdError = CodedError<'INVALID_ID'>
export const UnknownBackendError: CodedErrorClass<'UNKNOWN_BACKEND'> = coded('UnknownBackend')
export type UnknownBackendError = CodedError<'UNKNOWN_BACKEND'>
export const MissingDriverError: CodedErrorClass<'MISSING_DRIVER'> = coded('MissingDriver')
export type MissingDriverError = CodedError<'MISSING_DRIVER'>
export const StoreNotFoundError: CodedErrorClass<'STORE_NOT_FOUND'> = coded('StoreNotFound')
export type StoreNotFoundError = CodedError<'STORE_NOT_FOUND'>
export const StoreExistsError: CodedErrorClass<'STORE_EXISTS'> = coded('StoreExists')
export type StoreExistsError = CodedError<'STORE_EXISTS'>
export const StoreIdMismatchError: CodedErrorClass<'STORE_ID_MISMATCH'> = coded('StoreIdMismatch')
export type StoreIdMismatchError = CodedError<'STORE_ID_MISMATCH'>
export const StoreReleasedError: CodedErrorClass<'STORE_RELEASED'> = coded('StoreReleased')
export type StoreReleasedError = CodedError<'STORE_RELEASED'>
export const StoreLostError: CodedErrorClass<'STORE_LOST'> = coded('StoreLost')
export type StoreLostError = CodedError<'STORE_LOST'>
export const SyncUnsupportedError: CodedErrorClass<'SYNC_UNSUPPORTED'> = coded('SyncUnsupported')
export type SyncUnsupportedError = CodedError<'SYNC_UNSUPPORTED'>
export const BusyError: CodedErrorClass<'BUSY'> = coded('Busy')
export type BusyError = CodedError<'BUSY'>
export const AtomicUnsupportedError: CodedErrorClass<'ATOMIC_UNSUPPORTED'> = coded('AtomicUnsupported')
export type AtomicUnsupportedError = CodedError<'ATOMIC_UNSUPPORTED'>
export const InvalidKeyError: CodedErrorClass<'INVALID_KEY'> = coded('InvalidKey')
export type InvalidKeyError = CodedError<'INVALID_KEY'>
export const InvalidPathError: CodedErrorClass<'INVALID_PATH'> = coded('InvalidPath')
export type InvalidPathError = CodedError<'INVALID_PATH'>
export const ReentrantUpdateError: CodedErrorClass<'REENTRANT_UPDATE'> = coded('ReentrantUpdate')
export type ReentrantUpdateError = CodedError<'REENTRANT_UPDATE'>
export const NotAValueError: CodedErrorClass<'NOT_A_VALUE'> = coded('NotAValue')
export type NotAValueError = CodedError<'NOT_A_VALUE'>
export const NotBinaryError: CodedErrorClass<'NOT_BINARY'> = coded('NotBinary')
export type NotBinaryError = CodedError<'NOT_BINARY'>
export const NotALogError: CodedErrorClass<'NOT_A_LOG'> = coded('NotALog')
export type NotALogError = CodedError<'NOT_A_LOG'>
export const NotResidentError: CodedErrorClass<'NOT_RESIDENT'> = coded('NotResident')
export type NotResidentError = CodedError<'NOT_RESIDENT'>
export const CorruptEntryError: CodedErrorClass<'CORRUPT_ENTRY'> = coded('CorruptEntry')
export type CorruptEntryError = CodedError<'CORRUPT_ENTRY'>
export const UnsupportedLayoutError: CodedErrorClass<'UNSUPPORTED_LAYOUT'> = coded('UnsupportedLayout')
export type UnsupportedLayoutError = CodedError<'UNSUPPORTED_LAYOUT'>
export const LimitExceededError: CodedErrorClass<'LIMIT_EXCEEDED'> = coded('LimitExceeded')
export type LimitExceededError = CodedError<'LIMIT_EXCEEDED'>
export const DecryptionError: CodedErrorClass<'DECRYPTION_FAILED'> = coded('Decryption', 'DECRYPTION_FAILED')
export type DecryptionError = CodedError<'DECRYPTION_FAILED'>
export const ConflictError: CodedErrorClass<'CONFLICT'> = coded('Conflict')
export type ConflictError = CodedError<'CONFLICT'>
export const QuotaExceededError: CodedErrorClass<'QUOTA_EXCEEDED'> = coded('QuotaExceeded')
export type QuotaExceededError = CodedError<'QUOTA_EXCEEDED'>
export const StorageUnavailableError: CodedErrorClass<'STORAGE_UNAVAILABLE'> = coded('StorageUnavailable')
export type StorageUnavailableError = CodedError<'STORAGE_UNAVAILABLE'>

const InvalidConfig: CodedErrorClass<'INVALID_CONFIG'> = coded('InvalidConfig')
const UnserializableValue: CodedErrorClass<'UNSERIALIZABLE_VALUE'> = coded('UnserializableValue')

export interface ConfigIssue {
  /** Where in the config, joined by dots: `frontendConfig.id`. */
  path: string
  message: string
}

/** The config names wrong fields; `issues` has each of them by its path. */
export class InvalidConfigError extends InvalidConfig {
  declare readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[], details?: ErrorDetails) {
    super(`Invalid store config: ${issues.map(({ path, message }) => `${path}: ${message}`).join('; ')}`, details)
    this.issues = issues
  }
}

/** The value cannot be stored; `path` leads to the part that cannot, from the value's root. */
export class UnserializableValueError extends UnserializableValue {
  declare readonly path: readonly (string | number)[]

  constructor(
    reason: string,
    path: readonly (string | number)[] = [],
    details?: ErrorDetails,
    remedy: string = 'Store plain data, or add its class with registerType.',
  ) {
    super(`Cannot store ${reason} at ${formatPath(path)}. ${remedy}`, details)
    this.path = path
  }
}

/** What every call gets on a handle, or on a backend, that is no longer open. */
export function closedStore(): StoreReleasedError {
  return new StoreReleasedError('This store was released or deleted. Open it with connectStore.')
}

export function storeExists(place: string): StoreExistsError {
  return new StoreExistsError(`The store ${place} exists already. Open it with connectStore.`)
}

export function storeNotFound(place: string): StoreNotFoundError {
  return new StoreNotFoundError(`There is no store at ${place}. Create it: leave out { create: false }.`)
}

/** What is found where the store `id` was looked for. */
export function otherStore(found: unknown, id: string): StoreIdMismatchError {
  return new StoreIdMismatchError(
    `The store here has the id ${String(found)}, not ${id}. Use its own id, or another place.`,
  )
}

/** What a call with `{ sync: true }` gets from an engine that can only answer later. */
export function syncUnsupported(backend: string): SyncUnsupportedError {
  return new SyncUnsupportedError(
    `The ${backend} backend cannot answer { sync: true }. Await the call, or use backend: 'tiered' with memory in front.`,
  )
}

/** What a batch of so many operations with `{ atomic: true }` gets where there may be fewer. */
export function atomicUnsupported(
  count: number,
  { atomicBatch }: { readonly atomicBatch: number },
): AtomicUnsupportedError {
  return new AtomicUnsupportedError(
    `This backend applies at most ${atomicBatch} operations as one, not ${count}. Leave out { atomic: true }.`,
  )
}

/** The class `<name>Error`, whose code is its name in upper case: `MissingId` → `MISSING_ID`. */
function coded<C extends ErrorCode>(
  name: string,
  code: string = name.replace(/\B[A-Z]/g, '_$&').toUpperCase(),
): CodedErrorClass<C> {
  const error = class extends KonserveError {
    constructor(message: string, details?: ErrorDetails) {
      super(code as ErrorCode, message, details)
    }

    static {
      this.prototype.name = `${name}Error`
    }
  }
  return error as unknown as CodedErrorClass<C>
}

/** `value.a[0]["b c"]`, for messages. */
export function formatPath(path: readonly (string | number)[], root: string = 'value'): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === 'number') return `${text}[${segment}]`
    return /^[A-Za-z_$][\w$]*$/.test(segment) ? `${text}.${segment}` : `${text}[${JSON.stringify(segment)}]`
  }, root)
}
