import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { get } from '../../adapters/holder/values.ts'
import type { ProvidedSet } from '../../core/provider/provider.ts'
import { ok, type Result } from '../../core/result.ts'
import {
  ABOUT_ENTRY,
  type About,
  type AboutSecret,
  encodeAbout,
  namesAlone,
  parseAbout,
} from '../../core/session/about.ts'
import type { VaultDocument } from '../../core/vault/document.ts'
import { MAX_VALUE } from '../../core/vault/limits.ts'
import { fingerprint, fingerprintKey } from '../vault/fingerprint.ts'

/** More than 16,384 names of 255 bytes with all that is known of them. */
const MAX_TEXT = 16 * 1024 * 1024

/** What the session of this project knows of its secrets, without a proof and without a value. Undefined: locked. */
export async function aboutSession(): Promise<Result<About | undefined>> {
  const entry = await get(ABOUT_ENTRY)
  if (entry.ok) return ok(readAbout(entry.value))
  const { reason } = entry.error
  return reason === 'locked' || reason === 'ghost' || reason === 'native-missing' ? ok(undefined) : entry
}

/**
 * The bytes of the entry that says it: compressed, because 10,000 secrets would be 0.8 MB of the holder's memory. Where that
 * is more than one value may be, the names alone; undefined: not even those, and nobody is told what there is.
 */
export function aboutEntry(about: About): Buffer | undefined {
  const whole = deflateRawSync(encodeAbout(about))
  if (whole.length <= MAX_VALUE) return whole
  const names = deflateRawSync(encodeAbout(namesAlone(about)))
  return names.length <= MAX_VALUE ? names : undefined
}

/** Undefined: not what this version writes. */
export function readAbout(entry: Buffer): About | undefined {
  try {
    return parseAbout(inflateRawSync(entry, { maxOutputLength: MAX_TEXT }))
  } catch {
    return undefined
  }
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
