import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { UserPaths } from '../../../adapters/files/paths.ts'
import { privateFolder, readPrivateFile, writePrivateFile } from '../../../adapters/files/private-files.ts'
import * as age from '../../../adapters/vault/age-files.ts'
import { parseSnapshot, type Snapshot, snapshotBytes } from '../../../core/provider/infisical/snapshot.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { MAX_VAULT, type VaultDocument } from '../../../core/vault/document.ts'
import { opensTo } from '../../vault/seal.ts'

/** Where the copy of one source's last pull is: of this machine, beside what else it has seen, in no repository. */
export function snapshotPath(paths: UserPaths, sourceHash: string): string {
  const name = createHash('sha256').update(`tazpod snapshot\0${sourceHash}`).digest('hex').slice(0, 32)
  return join(paths.state, 'offline', `${name}.age`)
}

/**
 * Keeps a pull for work without network, encrypted to the vault's identity and to its other recipients, so that it
 * opens with the vault and no further. Not in the vault itself: a write for every pull would push the last ten
 * generations of what a person changed out of the way. Failures: not-written, unsafe-file, io, too-large.
 */
export async function keepSnapshot(
  path: string,
  identity: Buffer,
  recipients: VaultDocument['recipients'],
  snapshot: Snapshot,
): Promise<Result<void>> {
  const folder = await privateFolder(dirname(path))
  if (!folder.ok) return folder
  const plain = snapshotBytes(snapshot)
  if (!plain.ok) return plain
  try {
    const own = await age.recipientOf(identity)
    const all = new Set([own, ...recipients.map(({ recipient }) => recipient)])
    const bytes = await age.encryptTo(plain.value, [...all])
    const check = opensTo(path, plain.value, (file) => age.decryptWith(file, identity))
    return await writePrivateFile(path, bytes, { check })
  } finally {
    plain.value.fill(0)
  }
}

/** The copy, or undefined where none was kept. The caller wipes its values. Failures: vault-damaged, unsafe-file, io. */
export async function readSnapshot(path: string, identity: Buffer): Promise<Result<Snapshot | undefined>> {
  const file = await readPrivateFile(path, MAX_VAULT)
  if (!file.ok) return file.error.reason === 'io' && file.error.code === 'ENOENT' ? ok(undefined) : file
  const opened = await age.decryptWith(file.value, identity)
  if (!opened.ok) {
    const why = opened.error.kind === 'damaged' ? opened.error.why : 'it belongs to another vault'
    return err({ reason: 'vault-damaged', path, why })
  }
  const snapshot = parseSnapshot(opened.value)
  opened.value.fill(0)
  return snapshot === undefined
    ? err({ reason: 'vault-damaged', path, why: 'it is malformed' })
    : ok(snapshot)
}
