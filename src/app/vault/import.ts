import { extname } from 'node:path'
import { emptyClearFile, readClearFile } from '../../adapters/files/clear-files.ts'
import { readStdin } from '../../adapters/terminal/standard-streams.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { isSecretName } from '../../core/text/secret-name.ts'
import { shellWord } from '../../core/text/shell-word.ts'
import { type Changed, wipeDocument } from '../../core/vault/edit.ts'
import type { ImportFormat } from '../../core/vault/import.ts'
import { MAX_VALUE } from '../../core/vault/limits.ts'
import { valueHint } from '../../core/vault/value-hint.ts'
import type { VaultAccess } from './access.ts'
import { withIdentity } from './identity.ts'
import { openVault } from './open.ts'
import type { VaultPlace } from './place.ts'
import { storeSecrets } from './replace.ts'

export { IMPORT_FORMATS } from '../../core/vault/import.ts'

export interface ImportOptions {
  /** Path, or `-` for standard input. */
  file: string
  /** Default: by the file's name. */
  format?: ImportFormat | undefined
  /** Keep the whole file, byte for byte, as this one secret. */
  as?: string | undefined
  /** Empty the clear-text file once the vault is proved to hold its content. */
  empty: boolean
  /** Replace other values that the vault holds under these names, without a question. */
  force: boolean
}

/** `hints`: what is likely to break later about a value. */
export type Imported = Changed & { hints: string[] }

const MAX_FILE = 16 * 1_048_576
const STDIN = '-'

/** Takes secrets from a clear-text file into the vault, all or none. */
export async function importSecrets(access: VaultAccess, options: ImportOptions): Promise<Result<Imported>> {
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
      const changed = await storeSecrets(access, identity, secrets, options.force)
      if (!changed.ok) return changed
      if (empty) {
        const held = await holds(access.place, identity, secrets)
        if (!held.ok) return held
        const emptied = await emptyClearFile(file, bytes.value)
        if (!emptied.ok) return emptied
      }
      const hints = [...secrets].flatMap(([name, value]) => valueHint(name, value) ?? [])
      return ok({ ...changed.value, hints })
    })
  } finally {
    bytes.value.fill(0)
    if (values?.ok) for (const one of values.value.values()) one.fill(0)
  }
}

async function valuesOf(
  bytes: Buffer,
  { as, file, empty }: ImportOptions,
  format: ImportFormat | undefined,
): Promise<Result<Map<string, Buffer>>> {
  if (as !== undefined) {
    const { relativeFileIn } = await import('../../core/vault/kubeconfig-files.ts')
    const named = relativeFileIn(bytes)
    return named === undefined ? ok(new Map([[as, bytes]])) : notAlone(file, as, named)
  }
  const { parseSecrets } = await import('../../core/vault/import.ts')
  const parsed = parseSecrets(format ?? 'dotenv', bytes, file === STDIN ? 'standard input' : file)
  if (!parsed.ok) return parsed
  if (parsed.value.size === 0) return usage(`there is no secret in ${file}`)
  if (!empty) return parsed
  const { readAlike } = await import('./second-reading.ts')
  const alike = await readAlike(format ?? 'dotenv', bytes, file, parsed.value)
  if (alike.ok) return parsed
  for (const value of parsed.value.values()) value.fill(0)
  return alike
}

function notAlone(file: string, as: string, named: string): Result<never> {
  const from = file === STDIN ? '' : `KUBECONFIG=${shellWord(file)} `
  return err({
    reason: 'unsafe-file',
    path: file === STDIN ? 'standard input' : file,
    why: `it names a file beside it (${named}), which no command would find beside its own copy`,
    next: `${from}kubectl config view --raw --flatten | tazpod vault import - --as ${as}`,
  })
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
