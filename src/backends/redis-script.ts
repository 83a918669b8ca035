import { HEADER } from '../codec/frame.ts'

/*
 * What a store has in Redis, all under one hash tag, so that a cluster keeps it in one place:
 *
 *     {prefix}:NAME           the blob under a name, as it is
 *     {prefix}/names          a sorted set of the names, all with the score 0 and so in the order of their bytes
 *     {prefix}/expiring       a sorted set of the names that expire, by when the server may remove them
 *     {prefix}/writes/CLIENT  what this client has written last, so that nothing is written twice
 *     {prefix}/changes        a channel: what was committed, in the order of the commits
 */

export interface Places {
  readonly names: string
  readonly expiring: string
  readonly changes: string
  blob(name: string): string
  writes(client: string): string
}

export function placesOf(prefix: string): Places {
  const root = `{${prefix}}`
  return {
    names: `${root}/names`,
    expiring: `${root}/expiring`,
    changes: `${root}/changes`,
    blob: (name) => `${root}:${name}`,
    writes: (client) => `${root}/writes/${client}`,
  }
}

/** Stands for: there must be none. */
export const ABSENT = '-'

// Scripts that write: once, however often they are asked for. A client numbers its writes, each in a slot that no other
// write of it uses at the time. One that is asked for again, because its answer was lost, finds its number there and is not
// done again; nor is one that comes late, when the slot is already another's. What a client has written is known for a day.
// Few arguments: each takes time to be sent.
//
//     KEYS  writes, names, then what each script says
//     ARGV  slot, number, what to publish or '', and then what is said of each operation

const ONCE = `
local number = tonumber(ARGV[2])
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known and tonumber(string.match(known, '^%d+')) >= number then return tonumber(string.match(known, '%d+$')) end
local deleted = 0
`
const remember = (publish: Publish): string => `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. deleted)
if number % 64 == 1 then redis.call('PEXPIRE', KEYS[1], 86400000) end
if ARGV[3] ~= '' then redis.call('${publish}', string.sub(KEYS[2], 1, -${'names'.length + 1}) .. 'changes', ARGV[3]) end
return deleted
`

/** The command by which a script tells those who subscribe to a channel, on one server or in a cluster. */
export type Publish = 'PUBLISH' | 'SPUBLISH'

/**
 * Apply operations, all or none. Answers how many blobs were deleted, or the negative position of the first operation whose
 * condition does not hold, from 1.
 *
 *     KEYS  expiring, then the blob of each operation
 *     ARGV  of each operation: its name, what must be there ('' for whatever is, '-' for nothing, or the header), when the
 *           server may remove it in milliseconds since 1970 or '', and the bytes, '' to delete
 */
const apply = (publish: Publish): string => `${ONCE}
for i = 4, #KEYS do
  local expected = ARGV[4 * i - 11]
  if expected ~= '' then
    local found = redis.call('GETRANGE', KEYS[i], 0, ${HEADER - 1})
    if found == '' then found = '${ABSENT}' end
    if found ~= expected then return 3 - i end
  end
end
for i = 4, #KEYS do
  local name, expires, bytes = ARGV[4 * i - 12], ARGV[4 * i - 10], ARGV[4 * i - 9]
  if bytes == '' then
    deleted = deleted + redis.call('DEL', KEYS[i])
    redis.call('ZREM', KEYS[2], name)
  else
    if expires == '' then
      redis.call('SET', KEYS[i], bytes)
    else
      redis.call('SET', KEYS[i], bytes, 'PXAT', expires)
      redis.call('ZADD', KEYS[3], expires, name)
    end
    redis.call('ZADD', KEYS[2], 0, name)
  end
end
${remember(publish)}`

/**
 * Put blobs under whatever condition: what most writes are, in fewer commands and arguments.
 *
 *     KEYS  the blob of each operation
 *     ARGV  of each operation: the bytes
 */
const put = (publish: Publish): string => `${ONCE}
local start = #KEYS[2] - ${'/names'.length - ':'.length - 1}
if #KEYS == 3 then
  redis.call('SET', KEYS[3], ARGV[4])
  redis.call('ZADD', KEYS[2], 0, string.sub(KEYS[3], start))
else
  local count, blobs, names = 0, {}, {}
  for i = 3, #KEYS do
    blobs[count + 1], blobs[count + 2] = KEYS[i], ARGV[i + 1]
    names[count + 1], names[count + 2] = 0, string.sub(KEYS[i], start)
    count = count + 2
    if count == 2000 or i == #KEYS then
      redis.call('MSET', unpack(blobs, 1, count))
      redis.call('ZADD', KEYS[2], unpack(names, 1, count))
      count = 0
    end
  end
end
${remember(publish)}`

export const SCRIPTS: Readonly<Record<Publish, Readonly<Record<'apply' | 'put', string>>>> = {
  PUBLISH: { apply: apply('PUBLISH'), put: put('PUBLISH') },
  SPUBLISH: { apply: apply('SPUBLISH'), put: put('SPUBLISH') },
}

/**
 * Forget names whose blobs the server has removed because they had expired; not of those that were written again since.
 *
 *     KEYS  names, expiring, then the blob of each name
 *     ARGV  the names
 */
export const FORGET: string = `
for i, name in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[i + 2]) == 0 then redis.call('ZREM', KEYS[1], name) end
  redis.call('ZREM', KEYS[2], name)
end
return #ARGV
`
