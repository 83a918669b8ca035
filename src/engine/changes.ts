import type { Entry } from '../base/entry.ts'

export type Change = (old: Entry | undefined) => Entry | undefined
export type Pair = [old: Entry | undefined, new: Entry | undefined]
