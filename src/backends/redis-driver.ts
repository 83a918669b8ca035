import { MissingDriverError } from '../base/errors.ts'

/** The driver, when it is first needed. MISSING_DRIVER */
export async function loadRedis(): Promise<Pick<typeof import('ioredis'), 'Cluster' | 'Redis'>> {
  try {
    return await import('ioredis')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new MissingDriverError('The redis backend needs ioredis. Install it: npm install ioredis', { cause })
  }
}
