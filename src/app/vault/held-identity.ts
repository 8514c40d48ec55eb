import { get } from '../../adapters/holder/client.ts'
import { NAMES_ENTRY, parseNames } from '../../core/provider/held-names.ts'
import { type HeldSession, parseSession, SESSION_ENTRY } from '../../core/provider/infisical/held.ts'
import { err, type Result } from '../../core/result.ts'

/** Name of the entry that keeps the vault's age identity while unlocked; internal, never granted to a command. */
export const IDENTITY_ENTRY = '@identity'

/** What the holder of this project keeps of a session with Infisical; undefined: nothing, or it is locked. */
export async function heldSession(): Promise<HeldSession | undefined> {
  const entry = await get(SESSION_ENTRY)
  if (!entry.ok) return undefined
  const session = parseSession(entry.value)
  entry.value.fill(0)
  return session
}

/** The names that the last pull found, where the provider is not the vault itself; undefined: locked. */
export async function heldNames(): Promise<string[] | undefined> {
  const entry = await get(NAMES_ENTRY)
  return entry.ok ? parseNames(entry.value) : undefined
}

/**
 * The vault's identity ("AGE-SECRET-KEY-1…") from the holder of this project while it is unlocked; the caller
 * zeroes it. Failures: locked (also where there is no native part, which could hold nothing).
 */
export async function sessionIdentity(): Promise<Result<Buffer>> {
  const identity = await get(IDENTITY_ENTRY)
  if (identity.ok) return identity
  const { reason } = identity.error
  return reason === 'ghost' || reason === 'native-missing' ? err({ reason: 'locked' }) : identity
}
