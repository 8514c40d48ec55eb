// A stand-in for an Infisical server: three generations of its HTTP contract, with words, keys, order of checks and
// oddities as they were recorded (2024) or read in its source (current, go). Start one per test, grant what the test
// needs, move its clock instead of waiting, order faults, and look at what arrived.
export { type Connection, ConnectionLog } from './connections.ts'
export { exposing, needlessTokens, received } from './evidence.ts'
export * as fixtures from './fixtures.ts'
export type { IdentityOptions, LockoutOptions } from './identities.ts'
export { HIDDEN } from './listing.ts'
export type { Facts, ProblemName } from './problems.ts'
export type { ProjectOptions, Rights, TestProject } from './projects.ts'
export { InfisicalServer } from './server.ts'
export type { SecretExtra } from './store.ts'
export type { TestIdentity } from './tokens/test-identity.ts'
export type { TokenState } from './tokens/tokens.ts'
export type { Fault, FaultEffect, Limits, Mode, RecordedRequest, StartOptions, TlsKind } from './types.ts'
