import type { Name } from './entry.ts'

/** Bytes of a name. */
export const MAX_NAME_LENGTH = 200

/** The store's descriptor. */
export const DESCRIPTOR_NAME: Name = '~d'

/**
 * Whether `text` has the form of a name:
 *
 *     name     := atom | "(" [atom ("," atom)*] | long | reserved
 *     atom     := "s" ([a-z0-9_-] | "%" 2 hex digits)* | "n" 16 hex digits | "c" base32hex
 *     long     := the first 120 bytes of such a name, "~", 52 base32hex digits
 *     reserved := "~d" | "~" [clo] [a-z0-9_-]+
 */
export function isName(text: string): text is Name {
  if (text.length > MAX_NAME_LENGTH) return false
  if (isReserved(text)) return RESERVED.test(text)
  if (text[LONG_NAME_CUT] !== '~') return FORMS.whole.test(text)
  return HASH.test(text.slice(LONG_NAME_CUT + 1)) && FORMS.cut.test(text.slice(0, LONG_NAME_CUT))
}

/** Whether the name is one of ours: the descriptor, a chunk, a log cell, the outbox. They are never listed. */
export function isReserved(name: Name): boolean {
  return name.startsWith('~')
}

/** Whether the name is the beginning of a longer one and a hash, so that its key has to be read from the metadata. */
export function isLongName(name: Name): boolean {
  return name.indexOf('~') > 0
}

/** Bytes of a long name that are kept before its hash. */
export const LONG_NAME_CUT = 120

const FORMS = /* @__PURE__ */ nameForms()

// Every alternative is told by its next character, so that matching takes linear time.
function nameForms(): { readonly whole: RegExp; readonly cut: RegExp } {
  const string = 's(?:[a-z0-9_-]|%[0-9a-f]{2})*'
  const atom = `(?:${string}|n[0-9a-f]{16}|c[0-9a-v]+)`
  const cutAtom = `(?:${string}(?:%[0-9a-f]?)?|n[0-9a-f]{0,16}|c[0-9a-v]*)`
  return {
    whole: new RegExp(`^(?:${atom}|\\((?:${atom}(?:,${atom})*)?)$`),
    cut: new RegExp(`^(?:${cutAtom}|\\((?:${atom},)*${cutAtom}?)$`),
  }
}

const HASH = /^[0-9a-v]{52}$/
const RESERVED = /^~(?:d|[clo][a-z0-9_-]+)$/
