import { type StdoutKind, stdoutKind } from '../../adapters/terminal/standard-streams.ts'
import { encryptTo, isRecipient } from '../../adapters/vault/age-files.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { encodeDocument, type VaultDocument } from '../../core/vault/document.ts'
import { secretsOf, wipeDocument } from '../../core/vault/edit.ts'
import type { ImportFormat } from '../../core/vault/import.ts'
import type { VaultAccess } from './access.ts'
import { withIdentity } from './identity.ts'
import { openVault } from './open.ts'

export { IMPORT_FORMATS as EXPORT_FORMATS } from '../../core/vault/import.ts'

interface ExportOptions {
  /** `age1…` recipients of an encrypted copy. */
  to: readonly string[]
  /** Export in clear instead, in `format`. */
  reveal: boolean
  format: ImportFormat
  /** Clear text even onto a terminal or into a file. */
  force: boolean
}

/**
 * The bytes of an export, for standard output: the whole document as an age file for `to`, or the secrets in clear.
 * Clear text is refused onto a terminal and into a file, unless forced. The caller wipes the result.
 */
export async function exportVault(access: VaultAccess, options: ExportOptions): Promise<Result<Buffer>> {
  const refused = await refusal(options, stdoutKind())
  if (refused !== undefined) return refused
  return withIdentity(access, async (identity) => {
    const doc = await openVault(access.place, identity)
    if (!doc.ok) return doc
    const bytes = await (options.reveal
      ? inClear(doc.value, options.format)
      : encrypted(doc.value, options.to))
    wipeDocument(doc.value)
    return bytes
  })
}

async function refusal(options: ExportOptions, out: StdoutKind): Promise<Result<never> | undefined> {
  const { to, reveal, force } = options
  const encrypt = to.length > 0
  if (reveal ? encrypt : !encrypt) {
    const message =
      'say who can read the export: --to age1… for an encrypted copy, or --reveal for clear text'
    return err({ reason: 'usage', message, next: 'tazpod vault export --help' })
  }
  for (const recipient of to) {
    if (!(await isRecipient(recipient))) return usage(`${recipient.slice(0, 80)} is no age recipient (age1…)`)
  }
  if (force || out === 'pipe') return undefined
  if (!reveal)
    return out === 'terminal' ? usage('an age file is binary; send it to a file or a pipe') : undefined
  return err({
    reason: 'unsafe-output',
    why: out === 'terminal' ? 'a terminal keeps what it showed' : 'a file would hold the secrets in clear',
  })
}

async function encrypted(doc: VaultDocument, to: readonly string[]): Promise<Result<Buffer>> {
  const plain = encodeDocument(doc)
  if (!plain.ok) return plain
  return ok(await encryptTo(plain.value, to).finally(() => plain.value.fill(0)))
}

async function inClear(doc: VaultDocument, format: ImportFormat): Promise<Result<Buffer>> {
  const { render } = await import('../../core/grant/formats.ts')
  const secrets = secretsOf(doc)
  const rendered = render(format, [...secrets])
  for (const value of secrets.values()) value.fill(0)
  return rendered
}

function usage(message: string): Result<never> {
  return err({ reason: 'usage', message, next: 'tazpod vault export --help' })
}
