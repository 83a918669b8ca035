/**
 * What checks a backend's own config fields: any Standard Schema (standardschema.dev) whose answer is synchronous, so
 * that a schema of valibot, zod or arktype will do. `fields` makes those of the backends here; why not with a library:
 * `docs/decisions/config-schema.md`.
 */
export interface Schema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>
  }
}

export type SchemaResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What is wrong with a value: nothing, what was expected in its place, or what is wrong inside. */
export type Check = (value: unknown) => undefined | string | readonly SchemaIssue[]

/** An object with these fields and no others. */
export function fields(checks: Readonly<Record<string, Check>>): Schema {
  const check = object(checks)
  const validate = (value: unknown): SchemaResult => {
    const issues = issuesOf(check, value)
    return issues.length > 0 ? { issues } : { value }
  }
  return { '~standard': { version: 1, vendor: 'konserve-ts', validate } }
}

export function object(checks: Readonly<Record<string, Check>>): Check {
  return (value) =>
    anyObject(value) ??
    Object.keys({ ...checks, ...(value as object) }).flatMap((name) =>
      issuesOf(checks[name] ?? unknownField, (value as Record<string, unknown>)[name], name),
    )
}

export function optional(check: Check): Check {
  return (value) => (value === undefined ? undefined : check(value))
}

export function oneOf(...values: readonly string[]): Check {
  return (value) => (values.includes(value as string) ? undefined : values.map(shown).join(' or '))
}

/** A string that is not empty. */
export const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty'

/** An integer from 1 up. */
export const count: Check = (value) =>
  Number.isInteger(value) && (value as number) > 0 ? undefined : 'an integer above 0'

/** How many there may be, none as well. */
export const size: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 0 ? undefined : 'an integer from 0 up'

export const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false')

/** A secret of `length` bytes, which is not shown if it is something else. */
export function secretBytes(length: number): Check {
  return (value) =>
    value instanceof Uint8Array && value.length === length
      ? undefined
      : [{ message: `expected a Uint8Array of ${length} bytes` }]
}

export function listOf(check: Check): Check {
  return (value) => (Array.isArray(value) ? value.flatMap((item, i) => issuesOf(check, item, String(i))) : 'an array')
}

/** An object of any fields. */
export const anyObject: Check = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object')

// Its value may be a secret under a wrong name.
const unknownField: Check = (value) => (value === undefined ? undefined : [{ message: 'there is no such field' }])

/** What is wrong with a value, found under `path`. */
export function issuesOf(check: Check, value: unknown, ...path: readonly string[]): SchemaIssue[] {
  const wrong = check(value) ?? []
  return typeof wrong === 'string'
    ? [{ message: `expected ${wrong}, got ${shown(value)}`, path }]
    : wrong.map((issue) => ({ ...issue, path: [...path, ...(issue.path ?? [])] }))
}

/** A value in a message: of an object only that it is one. */
export function shown(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return JSON.stringify(value)
  return value === null ? 'null' : typeof value
}
