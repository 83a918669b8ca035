import { describe, expect, test } from 'vitest'
import { UnserializableValueError } from '../../src/base/errors.ts'
import { decode, encode } from '../../src/codec/cbor.ts'
import { clone } from '../../src/codec/clone.ts'

/** Runs a script in a realm of its own: a frame's in a browser, a context's elsewhere. */
const evaluate = await otherRealm()

const builtins: [script: string, here: unknown][] = [
  ['({ a: [1, { b: 2 }] })', { a: [1, { b: 2 }] }],
  ['new Map([[1, new Set([2])]])', new Map([[1, new Set([2])]])],
  ['new Date(5)', new Date(5)],
  ['/a/g', /a/g],
  ['new Uint8Array([1, 2])', new Uint8Array([1, 2])],
  ['new Float64Array([1.5])', new Float64Array([1.5])],
  ['new Uint8Array([1, 2]).buffer', new Uint8Array([1, 2]).buffer],
  ['new RangeError("x")', new RangeError('x')],
]

const refused: [script: string, name: string][] = [
  ['new (class Foo {})()', 'Foo'],
  ['new (class Foo extends Map {})()', 'Foo'],
  ['new (class Map extends globalThis.Map {})()', 'Map'],
  ['new (class Error extends globalThis.Error {})()', 'Error'],
  ['new WeakMap()', 'WeakMap'],
]

describe.each([
  ['encoded', (value: unknown) => decode(encode(value))],
  ['cloned', (value: unknown) => clone(value)],
] as const)('values of another realm, %s', (_name, copy) => {
  for (const [script, here] of builtins) {
    test(`${script} comes back as one of this realm`, () => {
      const foreign = evaluate(script) as object
      expect(Object.getPrototypeOf(foreign)).not.toBe(Object.getPrototypeOf(here))
      expect(copy(foreign)).toStrictEqual(here)
    })
  }

  for (const [script, name] of refused) {
    test(`${script} is refused`, () => {
      const attempt = () => copy([evaluate(script)])
      expect(attempt).toThrow(UnserializableValueError)
      expect(attempt).toThrow(`an instance of ${name} at value[0]`)
    })
  }
})

async function otherRealm(): Promise<(script: string) => unknown> {
  if (typeof document === 'undefined') {
    const runtime = globalThis as unknown as {
      process: { getBuiltinModule(id: string): { runInNewContext(script: string): unknown } }
    }
    const { runInNewContext } = runtime.process.getBuiltinModule('node:vm')
    return (script) => runInNewContext(script)
  }
  const frame = document.body.appendChild(document.createElement('iframe'))
  const { eval: run } = frame.contentWindow as unknown as { eval(script: string): unknown }
  return (script) => run(script)
}
