/** What came of it: the value, or the error's code and words. */
export function outcome(fn: () => unknown): { value?: unknown; code?: string | undefined; message?: string } {
  try {
    return { value: fn() }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { code, message }
  }
}

/** `npm run soak -- codec` sets more than a test has time for. */
export const RUNS = Number(
  (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env['KONSERVE_RUNS'] ?? 1500,
)
