/** The built library with the backends of folders that have engines of their own. */
import '../../../dist/backends/lmdb.js'
import '../../../dist/backends/rocksdb.js'

export * from '../../../dist/node.js'
