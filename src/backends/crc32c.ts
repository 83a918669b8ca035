/** Castagnoli's polynomial, its bits reversed. */
const POLYNOMIAL = 0x82f63b78
/** Bytes that are looked up at once. */
const SLICES = 8

let tables: Uint32Array[] | undefined

/** The CRC-32C of `bytes` (RFC 3720, appendix B.4), eight bytes a step by as many tables ("slicing by 8"). */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = (tables ??= makeTables()) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  let crc = -1
  let i = 0
  for (const end = bytes.length - SLICES; i <= end; i += SLICES) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    crc =
      t7[crc & 255]! ^
      t6[(crc >>> 8) & 255]! ^
      t5[(crc >>> 16) & 255]! ^
      t4[crc >>> 24]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** As S3 takes it: the four bytes, the highest first, in base64. */
export function crc32cBase64(bytes: Uint8Array): string {
  const sum = crc32c(bytes)
  return btoa(String.fromCharCode(sum >>> 24, (sum >>> 16) & 255, (sum >>> 8) & 255, sum & 255))
}

/** Table k has the sums of each byte followed by k zeros. */
function makeTables(): Uint32Array[] {
  const made = Array.from({ length: SLICES }, () => new Uint32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    made[0]![byte] = crc
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let k = 1; k < SLICES; k++) {
      const before = made[k - 1]![byte]!
      made[k]![byte] = (before >>> 8) ^ made[0]![before & 255]!
    }
  }
  return made
}
