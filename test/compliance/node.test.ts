import { targets } from './node-targets.ts'
import { runSuite } from './suite.ts'

runSuite(targets)
