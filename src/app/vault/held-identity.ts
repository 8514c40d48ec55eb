import { get, type Proof } from '../../adapters/holder/values.ts'
import { type HeldSession, parseSession, SESSION_ENTRY } from '../../core/provider/infisical/held.ts'
import { err, type Result } from '../../core/result.ts'

/** Name of the entry that keeps the vault's age identity while unlocked; internal, never granted to a command. */
export const IDENTITY_ENTRY = '@identity'

/** What the holder of this project keeps of a session with Infisical; undefined: nothing, or it is locked. */
export async function heldSession(proof: Proof): Promise<HeldSession | undefined> {
  const entry = await get(SESSION_ENTRY, proof)
  if (!entry.ok) return undefined
  const session = parseSession(entry.value)
  entry.value.fill(0)
  return session
}

/**
 * The vault's identity ("AGE-SECRET-KEY-1…") from the holder of this project, where the passphrase was given at this
 * terminal a short time ago or the proof says more; the caller zeroes it. Failures: locked (also where there is no native
 * part, which could hold nothing, and without a proof: then the passphrase is asked for).
 */
export async function sessionIdentity(proof: Proof = {}): Promise<Result<Buffer>> {
  const identity = await get(IDENTITY_ENTRY, proof)
  if (identity.ok) return identity
  const { reason } = identity.error
  return reason === 'ghost' || reason === 'native-missing' ? err({ reason: 'locked' }) : identity
}
