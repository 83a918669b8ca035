import type { ClusterNode, RedisOptions } from 'ioredis'
import type { BaseConfig } from '../base/backend.ts'
import { type ConfigIssue, InvalidConfigError } from '../base/errors.ts'
import { type Check, type Schema, anyObject, count, fields, listOf, optional, text } from '../base/schema.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'

/** How durable a write is, is up to the server (`appendfsync`). */
export interface RedisConfig extends Omit<BlobOptions, 'durability'> {
  /** `redis://[[user]:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly url?: string | undefined
  /** What ioredis takes besides, or in its place: `host`, `password`, `tls`, `sentinels` and `name`, … */
  readonly options?: RedisOptions | undefined
  /** Some nodes of a cluster, in the place of `url`. */
  readonly cluster?: readonly ClusterNode[] | undefined
  /** What all keys of the store begin with, in braces. Default `konserve:` and the id. */
  readonly prefix?: string | undefined
  /** Milliseconds that a call may take with all its tries. Default 10,000. */
  readonly timeout?: number | undefined
}

export type Config = BaseConfig & RedisConfig

// It may hold a password, and is not shown if it is something else.
const address: Check = (value) =>
  typeof value === 'string' && /^rediss?:\/\/[^/]/.test(value) && URL.canParse(value)
    ? undefined
    : [{ message: 'expected a URL: redis://host:6379' }]
const node: Check = (value) =>
  typeof value === 'string' ? address(value) : anyObject(value) && 'a URL or { host, port }'

const { durability: _, ...bytesOptions } = blobOptions

export const redisSchema: Schema = fields({
  url: optional(address),
  options: optional(anyObject),
  cluster: optional(listOf(node)),
  prefix: optional(text),
  timeout: optional(count),
  ...bytesOptions,
})

/** Fields that a schema cannot check. INVALID_CONFIG */
export function checkRedis(config: Config): Config {
  const { url, options, cluster, prefix } = config
  const issues: ConfigIssue[] = []
  if (cluster && url !== undefined)
    issues.push({ path: 'cluster', message: 'is in the place of url: give one of them' })
  if (cluster?.length === 0) issues.push({ path: 'cluster', message: 'names no node' })
  if (url === undefined && !options && !cluster) issues.push({ path: 'url', message: 'is missing: redis://host:6379' })
  if (prefix !== undefined && /[{}]/.test(prefix)) issues.push({ path: 'prefix', message: 'must not have braces' })
  if (issues.length > 0) throw new InvalidConfigError(issues)
  return config
}

export function prefixOf({ prefix, id }: Config): string {
  return prefix ?? `konserve:${id}`
}

/** Server and database, without user and password. */
export function serverOf({ url, options = {}, cluster }: RedisConfig): string {
  if (cluster) return cluster.map(nodeOf).sort().join(',')
  if (options.sentinels) return `${options.name}/${options.db ?? 0}`
  if (options.path) return `${options.path}/${options.db ?? 0}`
  const { hostname, port, pathname } = new URL(url ?? 'redis://')
  const host = options.host ?? (hostname || 'localhost')
  return `${host}:${options.port ?? (Number(port) || 6379)}/${options.db ?? (Number(pathname.slice(1)) || 0)}`
}

function nodeOf(node: ClusterNode): string {
  if (typeof node === 'string') return new URL(node).host
  if (typeof node === 'number') return `localhost:${node}`
  return `${node.host ?? 'localhost'}:${node.port ?? 6379}`
}
