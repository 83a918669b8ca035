/** What `promise` comes to, or `undefined` after so many milliseconds. */
export async function inTime<T>(promise: Promise<T> | undefined, milliseconds: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, milliseconds, undefined)))
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** No process of Node has to live for this timer, or channel. */
export function unref(handle: unknown): void {
  ;(handle as { unref?: () => void }).unref?.()
}
