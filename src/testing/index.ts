// For backend authors: the rules of every store as tests, a backend to start from, and a planted fault for each rule.
export { complianceTests } from './compliance.ts'
export type { ComplianceTest } from './compliance.ts'
export { rules } from './rules/index.ts'
export type { ComplianceTarget, Lifecycle, Rule, Scene } from './rule.ts'
export { MapBlobs, registerMapBackend } from './map-blobs.ts'
export type { MapBackendOptions } from './map-blobs.ts'
export { faults, faultyTarget } from './faults.ts'
export type { Plant } from './faults/plant.ts'
