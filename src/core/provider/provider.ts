import type { Result } from '../result.ts'
import type { ProviderName } from './registry.ts'

/** One whole set of what a provider delivers. All values are Buffers that the receiver zeroes. */
export interface ProvidedSet {
  secrets: ReadonlyMap<string, Buffer>
  /** The machine identity itself, for binds and files that need it: clientId, clientSecret, token, host. */
  identity: ReadonlyMap<string, Buffer>
  /** Every name that there is, with the place that it has at the provider; `secrets` may hold only those in use. */
  names: ReadonlyMap<string, string>
  /** What has to be kept of a session that ends by itself. */
  session?: ProviderSession
  /** ISO 8601: these are not the provider's own words of now, but the copy of an earlier pull. */
  copyOf?: string
  /** Remarks for a person. Names only. */
  notes: readonly string[]
}

interface ProviderSession {
  /** Entries for tazpod itself, never granted to a command. */
  entries: ReadonlyMap<string, Buffer>
  /** Seconds until everything should be fetched anew; 0 = never. */
  refresh: number
  /** Seconds until `identity.token` ends; 0 = never. */
  tokenLeft: number
  /** Of the session: its end (Unix ms), and for how long it was given (seconds). */
  token?: { endsAt: number; lifetime: number }
}

/** A source of secrets. A fetch delivers everything or fails: nothing half-loaded is ever handed on. */
export interface SecretProvider {
  /** As in `provider:` of tazpod.yaml. */
  readonly name: ProviderName
  fetch(): Promise<Result<ProvidedSet>>
  /** Called instead of `settled` when the set did not get there: what was opened for it is let go. */
  abandoned?(): Promise<void>
  /** Called once the set is in the holder: what was only prepared may now be kept (a failure is a remark). */
  settled?(provided: ProvidedSet): Promise<string | undefined>
}

/** Only what a project uses goes on to the holder: the rest is wiped here. */
export function onlyNamed(
  secrets: ReadonlyMap<string, Buffer>,
  names: ReadonlySet<string>,
): Map<string, Buffer> {
  const kept = new Map<string, Buffer>()
  for (const [name, value] of secrets) {
    if (names.has(name)) kept.set(name, value)
    else value.fill(0)
  }
  return kept
}
