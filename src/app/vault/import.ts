import { extname } from 'node:path'
import { emptyClearFile, readClearFile } from '../../adapters/clear-files.ts'
import { readStdin } from '../../adapters/standard-streams.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { ImportFormat } from '../../core/secret-import.ts'
import { isSecretName } from '../../core/secret-name.ts'
import { wipeDocument } from '../../core/vault-edit.ts'
import { MAX_VALUE } from '../../core/vault-limits.ts'
import { type VaultAccess, withIdentity } from './access.ts'
import { openVault } from './open.ts'
import type { VaultPlace } from './place.ts'
import { type Changed, storeSecrets } from './secrets.ts'

export { IMPORT_FORMATS } from '../../core/secret-import.ts'

export interface ImportOptions {
  /** Path, or `-` for standard input. */
  file: string
  /** Default: by the file's name. */
  format?: ImportFormat | undefined
  /** Keep the whole file, byte for byte, as this one secret. */
  as?: string | undefined
  /** Empty the clear-text file once the vault is proved to hold its content. */
  empty: boolean
}

const MAX_FILE = 16 * 1_048_576
const STDIN = '-'

/** Takes secrets from a clear-text file into the vault, all or none. */
export async function importSecrets(access: VaultAccess, options: ImportOptions): Promise<Result<Changed>> {
  const { file, as, empty } = options
  if (file === STDIN && empty) return usage('--empty needs a file, not standard input')
  if (file === STDIN && access.passphraseFd === 0)
    return usage("standard input can't be both the passphrase and the secrets")
  const format = options.format ?? formatOf(file)
  if (as === undefined && format === undefined) {
    return usage(
      `can't tell the format of ${file}: add --format dotenv|json|yaml, or --as NAME for a whole file`,
    )
  }
  const limit = as === undefined ? MAX_FILE : MAX_VALUE
  const bytes = file === STDIN ? await readStdin('standard input', limit) : await readClearFile(file, limit)
  if (!bytes.ok) return bytes
  let values: Result<Map<string, Buffer>> | undefined
  try {
    values = await valuesOf(bytes.value, options, format)
    if (!values.ok) return values
    const secrets = values.value
    const bad = [...secrets.keys()].find((name) => !isSecretName(name))
    if (bad !== undefined) return err({ reason: 'bad-secret-name', name: bad })
    return await withIdentity(access, async (identity) => {
      const changed = await storeSecrets(access.place, identity, secrets)
      if (!changed.ok || !empty) return changed
      const held = await holds(access.place, identity, secrets)
      if (!held.ok) return held
      const emptied = await emptyClearFile(file, bytes.value)
      return emptied.ok ? changed : emptied
    })
  } finally {
    bytes.value.fill(0)
    if (values?.ok) for (const one of values.value.values()) one.fill(0)
  }
}

async function valuesOf(
  bytes: Buffer,
  { as, file }: ImportOptions,
  format: ImportFormat | undefined,
): Promise<Result<Map<string, Buffer>>> {
  if (as !== undefined) return ok(new Map([[as, bytes]]))
  const { parseSecrets } = await import('../../core/secret-import.ts')
  const parsed = parseSecrets(format ?? 'dotenv', bytes, file === STDIN ? 'standard input' : file)
  return parsed.ok && parsed.value.size === 0 ? usage(`there is no secret in ${file}`) : parsed
}

/** Opens the vault once more from the disk: only then may the clear text go. */
async function holds(
  place: VaultPlace,
  identity: Buffer,
  values: ReadonlyMap<string, Buffer>,
): Promise<Result<void>> {
  const doc = await openVault(place, identity)
  if (!doc.ok) return doc
  const missing = [...values].find(
    ([name, value]) => doc.value.secrets.get(name)?.value.equals(value) !== true,
  )
  wipeDocument(doc.value)
  if (missing === undefined) return ok()
  return err({
    reason: 'vault-damaged',
    path: place.vault,
    why: `it does not hold ${missing[0]} as imported`,
  })
}

function formatOf(file: string): ImportFormat | undefined {
  const extension = extname(file).toLowerCase()
  if (extension === '.json') return 'json'
  if (extension === '.yaml' || extension === '.yml') return 'yaml'
  return extension === '.env' || /(^|\/)\.env(\.[\w.-]+)?$/.test(file) ? 'dotenv' : undefined
}

function usage(message: string): Result<never> {
  return err({ reason: 'usage', message, next: 'tazpod vault import --help' })
}
