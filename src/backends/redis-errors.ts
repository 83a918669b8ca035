import { KonserveError, QuotaExceededError, StorageUnavailableError } from '../base/errors.ts'

/** Whether the connection was lost, or the server is not ready yet or no longer: the same may succeed later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof KonserveError) return false
  return (
    LOST.test(error.message) || PASSING.test(error.message) || CODES.has((error as NodeJS.ErrnoException).code ?? '')
  )
}

/** Whether the node that was asked is no longer the one that takes writes. */
export function isReplica(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('READONLY')
}

/**
 * What to report of a call that failed. The driver's errors carry the command with its arguments, a password among them:
 * of them only the message is told.
 */
export function redisError(error: unknown, place: string, since?: Error): Error {
  if (error instanceof KonserveError) return error
  const { message, name } = error instanceof Error ? error : new Error(String(error))
  const reason = LOST.test(message) && since ? since.message : message
  const text = `Redis at ${place} cannot be used (${reason}). ${remedyOf(reason)}`
  const cause = Object.assign(new Error(reason), { name })
  if (/^(OOM|MISCONF.*(disk|space))/.test(reason)) return new QuotaExceededError(text, { cause })
  return new StorageUnavailableError(text, { cause })
}

function remedyOf(reason: string): string {
  return REMEDIES.find(([pattern]) => pattern.test(reason))?.[1] ?? 'Look at the server and its log, and try again.'
}

/** What ioredis says of commands that had no answer when the connection ended, or that found none. */
const LOST =
  /^(Connection is closed|Reached the max retries per request|Stream isn't writeable|Socket closed|None of startup nodes|Failed to refresh slots cache|Cluster isn't ready|Command timed out|Connection is in|Socket timeout|All sentinels are unreachable)/
/** What a server says that loads its data, changes its role, or has lost the others. */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNKILLABLE|BUSY )/
const CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)/,
    'Give the user name and password that the server knows, in url or options.',
  ],
  [
    /^NOPERM/,
    'Let the user of this connection run scripts and use the keys and the channel of the store (ACL SETUSER).',
  ],
  [/^OOM/, 'Delete entries, or raise maxmemory.'],
  [/^MISCONF/, 'The server cannot write to its disk: make room there, or look at its log.'],
  [/certificate|self[- ]signed|SSL|TLS|wrong version number|EPROTO|ERR_TLS/i, 'Check the certificate and options.tls.'],
  // A server without TLS waits for more when it is greeted so.
  [/connect ETIMEDOUT/, 'Check the address, and whether the server speaks TLS: rediss:// or redis://.'],
  [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|startup nodes|sentinels/, 'Start the server, or check its address.'],
  [/timed out|ETIMEDOUT|timeout/i, 'Whether it was written is not known: read it again, or give a longer timeout.'],
]
