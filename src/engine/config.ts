import { validate as isUuid } from 'uuid'
import {
  type AnyConfig,
  type BackendDefinition,
  type BaseConfig,
  type Capabilities,
  backendNames,
  findBackend,
} from '../base/backend.ts'
import { InvalidConfigError, InvalidIdError, MissingIdError, UnknownBackendError } from '../base/errors.ts'
import { isPromise } from '../base/promise-or-value.ts'
import { type SchemaIssue, anyObject, issuesOf, optional, shown } from '../base/schema.ts'
import type { Bounds } from './tier/residents.ts'

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
  refuse(issuesOf(anyObject, input, 'config'))
  const { backend, id, opts, ...own } = input as Partial<AnyConfig>
  if (id === undefined || id === null) {
    throw new MissingIdError(`The config has no id. ${ID_REMEDY}`)
  }
  if (!isUuid(id)) throw new InvalidIdError(`The config's id is ${shown(id)}. ${ID_REMEDY}`)
  const definition = findBackend(backend as string)
  if (definition === undefined) {
    throw new UnknownBackendError(
      `Unknown backend ${shown(backend)}. Registered here: ${backendNames().map(shown).join(', ')}. Import what adds it, as konserve-ts/redis.`,
    )
  }
  const result = definition.schema['~standard'].validate(own)
  if (isPromise(result)) throw new TypeError(`The schema of ${backend} answers with a promise.`)
  refuse([...(result.issues ?? []), ...issuesOf(optional(anyObject), opts, 'opts')])
  const config = {
    ...(result as { value: object }).value,
    backend,
    id: id.toLowerCase(),
    opts,
  } as AnyConfig
  return { definition, config: definition.refine?.(config) ?? config }
}

/** What a store of this config can do, known before it is open. */
export function capabilitiesOf({ definition: { capabilities }, config }: CheckedConfig): Capabilities {
  return typeof capabilities === 'function' ? capabilities(config) : capabilities
}

/** The config without what must not be shown. */
export function publicConfig(config: AnyConfig): AnyConfig {
  const secrets = findBackend(config.backend)?.secrets ?? []
  const copy: Record<string, unknown> = secrets.map((path) => path.split('.')).reduce(omit, { ...config })
  for (const [field, value] of Object.entries(copy)) {
    if (isObject(value) && value['backend']) copy[field] = publicConfig(value as AnyConfig)
  }
  return Object.freeze(copy) as AnyConfig
}

/** The fields in which two configs of one place would make two different engines; those of a handle do not count. */
export function differingFields(a: AnyConfig, b: AnyConfig): string[] {
  return Object.keys({ ...a, ...b }).filter(
    (field) => field !== 'opts' && field !== 'durability' && !same(a[field], b[field]),
  )
}

const ID_REMEDY = 'Give it a UUID: crypto.randomUUID() makes one.'

/** @throws INVALID_CONFIG if there are any. */
export function refuse(issues: readonly SchemaIssue[]): void {
  if (issues.length > 0) {
    throw new InvalidConfigError(
      issues.map(({ message, path = [] }) => ({
        path: path.map((each) => (typeof each === 'object' ? each.key : each)).join('.'),
        message,
      })),
    )
  }
}

function omit<T extends object>(object: T, [field = '', ...rest]: readonly string[]): T {
  const { [field as keyof T]: value, ...others } = object
  return (rest.length > 0 && isObject(value) ? { ...others, [field]: omit(value, rest) } : others) as T
}

function same(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b)) return Object.is(a, b)
  return Object.keys({ ...a, ...b }).every((key) => same(a[key], b[key]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

const REACH: readonly string[] = ['process', 'origin', 'host', 'everywhere'] satisfies Capabilities['watch'][]

/** How old what is in front of a store can be, in milliseconds: it may not tell of all who write. */
export function stalenessOf({ watch, atomicUpdate, staleness = 0 }: Capabilities, ttl: number = Infinity): number {
  return staleness + (REACH.indexOf(watch) < REACH.indexOf(atomicUpdate) ? ttl : 0)
}

/** Whether a front with these bounds has any. */
export function isBounded({ maxEntries, maxBytes, ttl }: Bounds): boolean {
  return maxEntries !== undefined || maxBytes !== undefined || ttl !== undefined
}
