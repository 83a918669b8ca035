import type { Meta, Name } from '../../base/entry.ts'
import { bindingOf, takeNonces } from '../cipher.ts'
import type { CodecOptions } from '../codec.ts'
import { LEFT } from '../fast.ts'
import { CBOR, HEADER, SERIALIZERS, XCHACHA20_POLY1305, headEnd } from '../frame.ts'
import { begin as turnTo, mostBytes, mostLevels, read, reading } from './decode.ts'
import { begin, finish, skip, write, writeRaw, written } from './encode.ts'
import { bytes, copy, copyShared, core, fail, full, isReady, putName, refresh, result, take, words } from './memory.ts'

/** The frame of an entry: encoded, compressed, sealed and summed in the module's memory, and copied out once. */
export function encodeFrame(
  name: Name,
  serializer: number,
  meta: Meta,
  value: unknown,
  { limits, compressor, cipher, sharesBuffers }: CodecOptions,
): Uint8Array<ArrayBuffer> | undefined {
  const copyOut = sharesBuffers ? copyShared : copy
  const isPlain = !compressor && !cipher
  const most = mostBytes(limits)
  if (!isReady() || !(isPlain || full) || !begin(limits, HEADER + 2 * most, Infinity)) return undefined
  try {
    if (isPlain) {
      skip(HEADER)
      write(meta)
      const metaEnd = written()
      writeValue(serializer, value)
      const end = written()
      if (metaEnd - HEADER > most || end - metaEnd > most) return undefined
      putName(name)
      core.finish_frame(serializer, metaEnd, end)
      return copyOut(core.output(0), end)
    }
    writeValue(serializer, value)
    const valueEnd = written()
    const { threshold = Infinity } = compressor ?? {}
    write(valueEnd < threshold ? meta : { ...meta, own: { ...meta.own, length: valueEnd } })
    const end = written()
    if (valueEnd > most || end - valueEnd > most) return undefined
    putName(name)
    if (cipher) {
      const [binding] = cipher.bindings
      const settings = full!.settings()
      bytes.set(binding!, settings)
      bytes.set(takeNonces(2), settings + binding!.length)
    }
    const length = full!.seal_frame(serializer, valueEnd, end, Math.min(threshold, NEVER), Number(cipher !== undefined))
    refresh()
    return copyOut(words[result]!, length)
  } catch (error) {
    fail(error)
    return undefined
  } finally {
    finish()
  }
}

/** Metadata and value of a frame: verified, opened, decompressed and parsed in the module's memory. */
export function decodeFrame(
  name: Name,
  input: Uint8Array,
  options: CodecOptions,
): { meta: unknown; value: unknown } | undefined {
  return openFrame(name, input, options, false)
}

/** The metadata alone. */
export function decodeHead(name: Name, input: Uint8Array, options: CodecOptions): { meta: unknown } | undefined {
  return openFrame(name, input, options, true)
}

/** A threshold that nothing reaches. */
const NEVER = 0xffff_ffff

function openFrame(
  name: Name,
  input: Uint8Array,
  { limits, cipher }: CodecOptions,
  headOnly: boolean,
): { meta: unknown; value: unknown } | undefined {
  const { length } = input
  const serializer = input[1]
  if (!SERIALIZERS.includes(serializer)) return undefined
  const isSealed = input[3] !== 0
  const isPlain = !isSealed && input[2] === 0
  const most = mostBytes(limits)
  if (!isReady() || length > HEADER + most || !(isPlain || full) || isSealed !== (cipher !== undefined)) {
    return undefined
  }
  const levels = mostLevels(limits)
  const opened = reading(() => {
    take(input)
    putName(name)
    if (isPlain) {
      if (!turnTo(core.open_frame(length, levels, Number(headOnly)))) return LEFT
      const meta = read()
      // Not slice: a Buffer's makes a view.
      const raw = (): Uint8Array => new Uint8Array(input.subarray(headEnd(name, input)))
      return { meta, value: headOnly ? undefined : serializer === CBOR ? read() : raw() }
    }
    if (cipher) {
      const binding = bindingOf(cipher, input.subarray(HEADER))
      if (binding === undefined || input[3] !== XCHACHA20_POLY1305) return LEFT
      bytes.set(binding, full!.settings())
    }
    if (!turnTo(full!.open_sealed(length, levels, Number(headOnly)))) return LEFT
    const meta = read() as Partial<Meta>
    if (headOnly) return { meta, value: undefined }
    // It comes from the store, too.
    const size = (input[2] ? meta.own?.length : 0) as number
    if (!Number.isInteger(size) || size < 0 || size > most) return LEFT
    const parses = serializer === CBOR
    const status = full!.open_value(length, size, levels, Number(parses))
    if (parses) return turnTo(status) ? { meta, value: read() } : LEFT
    refresh()
    return status === 2 ? { meta, value: copy(words[result + 4]!, words[result]!) } : LEFT
  })
  return opened === LEFT ? undefined : opened
}

function writeValue(serializer: number, value: unknown): void {
  if (serializer === CBOR) write(value)
  else writeRaw(value as Uint8Array)
}
