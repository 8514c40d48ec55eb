import { ok, type Result } from '../../result.ts'
import { stemOf, wordOf } from '../../sops/names.ts'
import { type ImportFormat, parseSecrets } from '../../vault/import.ts'

/** The secrets in an opened age file, whose form its name tells: `.env.age`, `.json.age`, `.yaml.age`; else it is one. */
export function ageContent(path: string, content: Buffer): Result<Map<string, Buffer>> {
  const inner = path.replace(/\.age$/i, '')
  const format = formatOf(inner.slice(inner.lastIndexOf('/') + 1))
  if (format !== undefined) return parseSecrets(format, content, path)
  return ok(new Map([[wordOf(stemOf(path)), Buffer.from(content)]]))
}

function formatOf(name: string): ImportFormat | undefined {
  if (/(^|\.)env$/i.test(name) || /^\.env(\.|$)/.test(name)) return 'dotenv'
  if (/\.json$/i.test(name)) return 'json'
  return /\.ya?ml$/i.test(name) ? 'yaml' : undefined
}
