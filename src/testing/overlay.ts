/** `target` with some of its methods and fields replaced. The others see `target` itself, private fields and all. */
export function overlay<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(_, property) {
      if (Object.hasOwn(replaced, property)) return replaced[property as keyof T]
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
    has: (_, property) => Object.hasOwn(replaced, property) || property in target,
  })
}
