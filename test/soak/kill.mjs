/** 100 rounds of SIGKILL for a process that writes to a strict file store. */
import { killRounds } from '../proofs/kills.mjs'

console.log(`kill: ${await killRounds('file', 100)}`)
