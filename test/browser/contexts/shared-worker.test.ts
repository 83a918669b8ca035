import { runSuiteIn } from './suite.ts'

await runSuiteIn('shared worker')
