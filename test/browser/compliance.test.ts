import { runSuite } from '../compliance/suite.ts'
import { targets } from './compliance-targets.ts'

runSuite(targets)
