import { get } from '../../adapters/holder/values.ts'
import type { ProvidedSet } from '../../core/provider/provider.ts'
import { ok, type Result } from '../../core/result.ts'
import { ABOUT_ENTRY, type About, type AboutSecret, parseAbout } from '../../core/session/about.ts'
import type { VaultDocument } from '../../core/vault/document.ts'
import { fingerprint, fingerprintKey } from '../vault/fingerprint.ts'

/** What the session of this project knows of its secrets, without a proof and without a value. Undefined: locked. */
export async function aboutSession(): Promise<Result<About | undefined>> {
  const entry = await get(ABOUT_ENTRY)
  if (entry.ok) return ok(parseAbout(entry.value))
  const { reason } = entry.error
  return reason === 'locked' || reason === 'ghost' || reason === 'native-missing' ? ok(undefined) : entry
}

/** What is to be known of a set that was just fetched. `identity`: the vault's, which keys the fingerprints. */
export function aboutProvided(
  { secrets, names, session }: ProvidedSet,
  doc: VaultDocument,
  fromVault: boolean,
  identity: Buffer,
): About {
  const key = fingerprintKey(identity)
  const about = (name: string): [string, AboutSecret] => {
    const kept = fromVault ? doc.secrets.get(name) : undefined
    const value = kept?.value ?? secrets.get(name)
    return [
      name,
      {
        ...(kept && { updated: kept.updated }),
        ...(value && { bytes: value.length, fingerprint: fingerprint(key, value) }),
      },
    ]
  }
  const known = new Map([...names.keys()].map(about))
  key.fill(0)
  const { token } = session ?? {}
  return { secrets: known, ...(token && { token }) }
}
