/** Milliseconds to wait before the next try: a random time below a bound that doubles ("full jitter"). */
export function jitter(tries: number, first: number, longest: number): number {
  return Math.random() * Math.min(longest, first * 2 ** tries)
}
