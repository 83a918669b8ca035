/** 20 rounds of SIGKILL for a process that writes to a strict LMDB store. */
import { killRounds } from '../proofs/kills.mjs'

console.log(`lmdb-kill: ${await killRounds('lmdb', 20)}`)
