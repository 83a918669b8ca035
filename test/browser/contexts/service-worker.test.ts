import { runSuiteIn } from './suite.ts'

await runSuiteIn('service worker')
