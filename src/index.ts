export {
  connectStore,
  createStore,
  deleteStore,
  releaseStore,
  storeExists,
  validateStoreConfig,
} from './store/lifecycle.ts'
export { type CachedOptions, cached } from './store/cached.ts'
export { registerBackend } from './base/backend.ts'
export { type StorageReport, requestPersistence, storageEstimate } from './base/storage.ts'
export { registerType } from './codec/types.ts'
export { type DeriveKeyOptions, deriveKey } from './codec/derive-key.ts'
export {
  KonserveError,
  InvalidConfigError,
  UnserializableValueError,
  MissingIdError,
  InvalidIdError,
  UnknownBackendError,
  MissingDriverError,
  StoreNotFoundError,
  StoreExistsError,
  StoreIdMismatchError,
  StoreReleasedError,
  StoreLostError,
  SyncUnsupportedError,
  BusyError,
  AtomicUnsupportedError,
  InvalidKeyError,
  InvalidPathError,
  ReentrantUpdateError,
  NotAValueError,
  NotBinaryError,
  NotALogError,
  NotResidentError,
  CorruptEntryError,
  UnsupportedLayoutError,
  LimitExceededError,
  DecryptionError,
  ConflictError,
  QuotaExceededError,
  StorageUnavailableError,
} from './base/errors.ts'
export type { CodedError, CodedErrorClass, ConfigIssue, ErrorCode } from './base/errors.ts'
export type {
  AnyConfig,
  Backend,
  BackendConfigs,
  BackendDefinition,
  BaseConfig,
  BlobBackend,
  Capabilities,
  Durability,
  LifecycleOptions,
  PendingWrites,
  PopulateOptions,
  PopulateProgress,
  ReadPolicy,
  StoreConfig,
  TierStats,
  WritePolicy,
} from './base/backend.ts'
export type { Compressor, Encryptor } from './engine/sealing.ts'
export type { Entry, EntryType, Key, Meta, Name, Serializer } from './base/entry.ts'
export type { DeadLetter, Tier, Walk } from './store/tier.ts'
export type * from './store/types.ts'
