import { registerType } from '../codec/types.ts'

/** An instance of a registered class, for rules of what becomes of it. */
export class Point {
  readonly x: number
  readonly y: number

  constructor(x: number, y: number) {
    this.x = x
    this.y = y
  }
}

let registered = false

export function registerPoint(): void {
  if (registered) return
  registered = true
  registerType<Point, [number, number]>('konserve-ts/testing/Point', {
    test: (value) => value instanceof Point,
    encode: ({ x, y }) => [x, y],
    decode: ([x, y]) => new Point(x, y),
  })
}
