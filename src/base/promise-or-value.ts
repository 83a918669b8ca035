/**
 * Sync and async from one body. A function written over `PromiseOrValue` answers with the value itself where every
 * call beneath it did, and with a promise as soon as one of them had to wait.
 */
export type PromiseOrValue<T> = T | Promise<T>

export function isPromise<T>(value: PromiseOrValue<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/**
 * Continue with `fn` once `value` is there: at once for a value, later for a promise. It is not called `then`, because
 * a module that exports a `then` is taken for a promise by `import()`.
 */
export function chain<T, R>(value: PromiseOrValue<T>, fn: (value: T) => PromiseOrValue<R>): PromiseOrValue<R> {
  return isPromise(value) ? value.then(fn) : fn(value)
}

/** Run `fn`; what it throws, or what its promise rejects with, goes to `onError`, whose answer stands in. */
export function rescue<T>(
  fn: () => PromiseOrValue<T>,
  onError: (error: unknown) => PromiseOrValue<T>,
): PromiseOrValue<T> {
  let value: PromiseOrValue<T>
  try {
    value = fn()
  } catch (error) {
    return onError(error)
  }
  return isPromise(value) ? value.then(undefined, onError) : value
}

/** Run `fn`; if it fails, run `cleanup` before failing with the same error. */
export function onFailure<T>(fn: () => PromiseOrValue<T>, cleanup: () => PromiseOrValue<unknown>): PromiseOrValue<T> {
  return rescue(fn, (error) =>
    chain(cleanup(), () => {
      throw error
    }),
  )
}

/** Run `fn`, then `cleanup`, however `fn` ended. */
export function ensure<T>(fn: () => PromiseOrValue<T>, cleanup: () => void): PromiseOrValue<T> {
  return chain(onFailure(fn, cleanup), (value) => {
    cleanup()
    return value
  })
}

/** Call `step` until it answers `false`, one call after the other; a long synchronous run does not grow the stack. */
export function repeat(step: () => PromiseOrValue<boolean>): PromiseOrValue<void> {
  for (;;) {
    let more = step()
    if (isPromise(more)) {
      return (async () => {
        while (await more) more = step()
      })()
    }
    if (!more) return
  }
}

/** Call `fn` with each item in turn, the next one when the one before is done. */
export function each<T>(
  items: Iterable<T>,
  fn: (item: T, index: number) => PromiseOrValue<unknown>,
): PromiseOrValue<void> {
  const list = [...items]
  for (let i = 0; i < list.length; i++) {
    const done = fn(list[i]!, i)
    if (isPromise(done)) {
      let next = i + 1
      return done.then(() => repeat(() => next < list.length && chain(fn(list[next]!, next++), () => true)))
    }
  }
}

/** The answers of `fn` for each item, asked for one after the other. */
export function mapInOrder<T, R>(
  items: Iterable<T>,
  fn: (item: T, index: number) => PromiseOrValue<R>,
): PromiseOrValue<R[]> {
  const results: R[] = []
  const keep = (result: R): unknown => results.push(result)
  return chain(
    each(items, (item, i) => chain(fn(item, i), keep)),
    () => results,
  )
}

/** `Promise.all` that answers at once where nothing had to wait. */
export function all<T>(values: readonly PromiseOrValue<T>[]): PromiseOrValue<T[]> {
  return values.some(isPromise) ? Promise.all(values) : (values as T[])
}
