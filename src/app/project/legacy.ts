import { join } from 'node:path'
import { readSmallFile } from '../../adapters/files/project-files.ts'
import { type LegacySecrets, parseLegacySecrets } from '../../core/project/legacy.ts'
import { ok, type Result } from '../../core/result.ts'

/** Where the original TazPod kept the mapping, oldest generation first. */
const NAMES = ['secrets.yml', '.tazpod/secrets-sync-config.yml', '.tazpod/secrets.yml']

/**
 * The original TazPod's mapping of this folder, if it has one: names of secrets, files and variables, no values.
 * Failures: config-invalid, unsafe-file, too-large, io.
 */
export function readLegacy(folder: string): Result<{ path: string; content: LegacySecrets } | undefined> {
  for (const name of NAMES) {
    const bytes = readSmallFile(join(folder, name))
    if (!bytes.ok && bytes.error.reason === 'io' && bytes.error.code === 'ENOENT') continue
    if (!bytes.ok) return bytes
    const content = parseLegacySecrets(bytes.value, name)
    return content.ok ? ok({ path: name, content: content.value }) : content
  }
  return ok(undefined)
}
