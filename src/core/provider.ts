import type { Result } from './result.ts'

/** One whole set of what a provider delivers. All values are Buffers that the receiver zeroes. */
export interface ProvidedSet {
  secrets: ReadonlyMap<string, Buffer>
  /** The machine identity itself, for binds that need it: clientId, clientSecret, token, host. */
  identity: ReadonlyMap<string, Buffer>
}

/** A source of secrets. A fetch delivers everything or fails: nothing half-loaded is ever handed on. */
export interface SecretProvider {
  /** As in `provider:` of tazpod.yaml. */
  readonly name: string
  fetch(): Promise<Result<ProvidedSet>>
}
