import { validate as isUuid } from 'uuid'
import {
  type AnyConfig,
  type BackendDefinition,
  type BaseConfig,
  type Capabilities,
  backendNames,
  findBackend,
} from '../base/backend.ts'
import {
  type ConfigIssue,
  InvalidConfigError,
  InvalidIdError,
  MissingIdError,
  UnknownBackendError,
} from '../base/errors.ts'
import { isPromise } from '../base/promise-or-value.ts'
import type { SchemaIssue } from '../base/schema.ts'

export interface CheckedConfig {
  readonly definition: BackendDefinition
  /** As given, the id in lower case and the schema's defaults filled in. */
  readonly config: AnyConfig
}

/**
 * Check a config: the id (MISSING_ID, INVALID_ID), the backend (UNKNOWN_BACKEND), then the backend's own fields
 * (INVALID_CONFIG, with each wrong field by its path).
 */
export function checkConfig(input: BaseConfig): CheckedConfig {
  if (typeof input !== 'object' || input === null) {
    throw new InvalidConfigError([{ path: 'config', message: `expected an object, got ${shown(input)}` }])
  }
  const { backend, id, opts, ...own } = input as Partial<AnyConfig>
  if (id === undefined || id === null) {
    throw new MissingIdError(
      'The store config has no id. Give it a UUID that stays the same, such as crypto.randomUUID() makes.',
    )
  }
  if (!isUuid(id)) {
    throw new InvalidIdError(
      `The store config's id must be a UUID string, such as crypto.randomUUID() makes, got ${shown(id)}.`,
    )
  }
  const definition = typeof backend === 'string' ? findBackend(backend) : undefined
  if (definition === undefined) throw unknownBackend(backend)
  const result = definition.schema['~standard'].validate(own)
  if (isPromise(result))
    throw new TypeError(`The schema of the ${backend} backend must answer at once, not with a promise.`)
  const issues = (result.issues ?? []).map(toIssue)
  if (opts !== undefined && (typeof opts !== 'object' || opts === null)) {
    issues.push({ path: 'opts', message: `expected an object, got ${shown(opts)}` })
  }
  if (issues.length > 0) throw new InvalidConfigError(issues)
  const checked: object = {
    ...(result as { value: object }).value,
    backend,
    id: id.toLowerCase(),
    ...(opts && { opts }),
  }
  const { refine } = definition
  return { definition, config: refine ? refine(checked as AnyConfig) : (checked as AnyConfig) }
}

/** What a store of this config can do, known before it is open. */
export function capabilitiesOf({ definition: { capabilities }, config }: CheckedConfig): Capabilities {
  return typeof capabilities === 'function' ? capabilities(config) : capabilities
}

/** The config without what must not be shown. */
export function publicConfig(config: AnyConfig): AnyConfig {
  const copy: Record<string, unknown> = { ...config }
  for (const path of findBackend(config.backend)?.secrets ?? []) omit(copy, path.split('.'))
  for (const [field, value] of Object.entries(copy)) {
    if (isObject(value) && typeof value['backend'] === 'string') copy[field] = publicConfig(value as AnyConfig)
  }
  return Object.freeze(copy) as AnyConfig
}

/** The fields in which two configs of one place would make two different engines; those of a handle do not count. */
export function differingFields(a: AnyConfig, b: AnyConfig): string[] {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)])
  for (const field of ['backend', 'id', 'opts', 'durability']) fields.delete(field)
  return [...fields].filter((field) => !same(a[field], b[field]))
}

const REMEDIES: Readonly<Record<string, string>> = {
  file: 'Files need the Node entry.',
  indexeddb: 'IndexedDB needs the browser entry.',
}

function unknownBackend(backend: unknown): UnknownBackendError {
  return new UnknownBackendError(
    `Unknown store backend ${shown(backend)}. Registered here: ${backendNames().map(shown).join(', ')}. ${REMEDIES[String(backend)] ?? 'Import the module that adds it, or add it with registerBackend.'}`,
  )
}

function toIssue({ message, path = [] }: SchemaIssue): ConfigIssue {
  return { path: path.map((each) => String(typeof each === 'object' ? each.key : each)).join('.'), message }
}

function omit(target: Record<string, unknown>, [field, ...rest]: string[]): void {
  const value = field === undefined ? undefined : target[field]
  if (field === undefined || value === undefined) return
  if (rest.length === 0) delete target[field]
  else if (isObject(value)) omit((target[field] = { ...value }), rest)
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (!isObject(a) || !isObject(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** A value in a message. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : typeof value
}
