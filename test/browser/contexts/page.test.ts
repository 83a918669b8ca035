import { runSuiteIn } from './suite.ts'

await runSuiteIn('page')
