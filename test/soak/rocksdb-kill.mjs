/** 20 rounds of SIGKILL for a process that writes to a strict RocksDB store. */
import { killRounds } from '../proofs/kills.mjs'

console.log(`rocksdb-kill: ${await killRounds('rocksdb', 20)}`)
