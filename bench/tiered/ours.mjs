export const ID = '3d0f2c9a-5b5e-4f43-9a0b-6f1c8f9f0e11'

/**
 * The config of a tiered store: memory in front, behind it what the place has.
 *
 * @param {import('./place.mjs').Place} place
 * @param {string} name
 * @param {{ isolation?: 'freeze' | undefined, writePolicy?: string }} [options] without `isolation` values are cloned, without
 *   `writePolicy` it is `write-through`
 */
export function tierConfig(place, name, { isolation, writePolicy } = {}) {
  return {
    backend: 'tiered',
    id: ID,
    frontendConfig: { backend: 'memory', ...(isolation && { isolation }) },
    backendConfig: place.back(name),
    ...(writePolicy !== undefined && { writePolicy }),
  }
}
