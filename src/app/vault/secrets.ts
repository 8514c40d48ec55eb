import { readStdin, stdinIsTerminal } from '../../adapters/terminal/standard-streams.ts'
import { askHidden } from '../../adapters/terminal/terminal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { isSecretName } from '../../core/text/secret-name.ts'
import { type Changed, wipeDocument, withoutSecret } from '../../core/vault/edit.ts'
import { MAX_VALUE } from '../../core/vault/limits.ts'
import { lineEndOfToken, valueHint } from '../../core/vault/value-hint.ts'
import type { VaultAccess } from './access.ts'
import { withIdentity } from './identity.ts'
import { openVault, updateVault } from './open.ts'
import { storeSecrets } from './replace.ts'

/** One secret or saved file as `vault list` shows it: never its value. */
export interface Listed {
  name: string
  /** Bytes of the value. */
  size: number
  /** ISO 8601. */
  updated: string
}

interface VaultListing {
  generation: number
  updated: string
  secrets: Listed[]
  files: Listed[]
}

/**
 * The value that a person or a script gives for a secret: standard input byte for byte, or a hidden question when that
 * is a terminal. At most 1 MiB; the caller wipes it.
 */
export async function newValue(access: VaultAccess, name: string): Promise<Result<Buffer>> {
  if (!isSecretName(name)) return err({ reason: 'bad-secret-name', name })
  if (stdinIsTerminal()) {
    const next = `the same command with the value on standard input`
    if (access.nonInteractive) return err({ reason: 'no-terminal', need: `the value of ${name}`, next })
    return askHidden(`Value of ${name}: `)
  }
  if (access.passphraseFd === 0) {
    const message = "standard input can't be both the passphrase and the value"
    return err({
      reason: 'usage',
      message,
      next: `tazpod vault set ${name} --passphrase-fd 3 3<PASSPHRASE <VALUE`,
    })
  }
  return readStdin(`the value of ${name}`, MAX_VALUE)
}

/** Leaves out a line end that can not be a part of the value; `remark` says so, `value` shares the memory. */
export function withoutLineEnd(value: Buffer): { value: Buffer; remark: string | undefined } {
  const end = lineEndOfToken(value)
  if (end === undefined) return { value, remark: undefined }
  return {
    value: value.subarray(0, value.length - end.bytes),
    remark: `it is ${end.what}: the newline at its end was left out, because it is no part of it`,
  }
}

/** What a person should know about a value that was kept as it is. */
export function remarksOn(name: string, value: Buffer): string[] {
  // One line and its newline: what `echo` and editors write, and what hardly any tool takes as a token.
  const line = value.length > 1 && value.indexOf(0x0a) === value.length - 1
  const newline = 'the value ends with a newline, which is kept; printf %s VALUE writes none'
  return [line ? newline : [], valueHint(name, value) ?? []].flat()
}

/** Keeps secrets, byte-exact; each value at most 1 MiB. Replaces other values as {@link storeSecrets} does. */
export async function setSecrets(
  access: VaultAccess,
  values: ReadonlyMap<string, Buffer>,
  force: boolean,
): Promise<Result<Changed>> {
  const bad = [...values.keys()].find((name) => !isSecretName(name))
  if (bad !== undefined) return err({ reason: 'bad-secret-name', name: bad }) // before a passphrase is asked for
  return withIdentity(access, (identity) => storeSecrets(access, identity, values, force))
}

/** The bytes of one secret; the caller wipes them. Refused unless `reveal` says that they are to be shown. */
export async function getSecret(access: VaultAccess, name: string, reveal: boolean): Promise<Result<Buffer>> {
  if (!reveal) {
    const message = 'this shows a secret; say that you mean it with --reveal'
    return err({
      reason: 'usage',
      message,
      next: `tazpod vault get --reveal ${isSecretName(name) ? name : 'NAME'}`,
    })
  }
  return withIdentity(access, async (identity) => {
    const doc = await openVault(access.place, identity)
    if (!doc.ok) return doc
    const value = doc.value.secrets.get(name)?.value
    const copy = value && Buffer.from(value)
    wipeDocument(doc.value)
    return copy === undefined ? err({ reason: 'secret-missing', name, from: 'the vault' }) : ok(copy)
  })
}

/** Names, sizes and ages of what the vault holds, sorted by name. */
export function listVault(access: VaultAccess): Promise<Result<VaultListing>> {
  return withIdentity(access, async (identity) => {
    const doc = await openVault(access.place, identity)
    if (!doc.ok) return doc
    const { generation, updated, secrets, files } = doc.value
    const listing = {
      generation,
      updated,
      secrets: sorted([...secrets].map(([name, s]) => ({ name, size: s.value.length, updated: s.updated }))),
      files: sorted([...files].map(([name, f]) => ({ name, size: f.content.length, updated: f.updated }))),
    }
    wipeDocument(doc.value)
    return ok(listing)
  })
}

/** Removes secrets, all or none. Earlier generations still hold them until ten more writes. */
export function removeSecrets(access: VaultAccess, names: readonly string[]): Promise<Result<void>> {
  return withIdentity(access, async (identity) => {
    const done = await updateVault(access.place, identity, (doc) => {
      let next = ok(doc) as ReturnType<typeof withoutSecret>
      for (const name of new Set(names)) next = next.ok ? withoutSecret(next.value, name) : next
      return next
    })
    if (done.ok) wipeDocument(done.value)
    return done.ok ? ok() : done
  })
}

function sorted(list: Listed[]): Listed[] {
  return list.sort((a, b) => (a.name < b.name ? -1 : 1))
}
