/** Functions for `update`, ready made: the page's security policy lets nobody write one here. */
export const UPDATE_FUNCTIONS: readonly { readonly label: string; readonly fn: (old: unknown) => unknown }[] = [
  { label: 'add 1 to a number', fn: (old) => plus(old, 1) },
  { label: 'take 1 from a number', fn: (old) => plus(old, -1) },
  { label: 'turn a boolean round', fn: (old) => !expectType(old ?? false, 'boolean') },
  { label: 'append the time to an array', fn: (old) => [...list(old), new Date()] },
  { label: 'drop the last of an array', fn: (old) => list(old).slice(0, -1) },
  { label: 'fail: throw an error', fn: fail },
]

function plus(old: unknown, amount: 1 | -1): unknown {
  return typeof old === 'bigint' ? old + BigInt(amount) : (expectType(old ?? 0, 'number') as number) + amount
}

function list(old: unknown): unknown[] {
  if (old === undefined) return []
  if (!Array.isArray(old)) throw new TypeError(`The value is no array. Nothing was changed.`)
  return old
}

function expectType(old: unknown, type: 'number' | 'boolean'): unknown {
  if (typeof old !== type) throw new TypeError(`The value is no ${type}. Nothing was changed.`)
  return old
}

function fail(): never {
  throw new Error('The update function threw. Nothing was changed.')
}
