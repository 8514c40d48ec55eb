import { join } from 'node:path'
import { readClearFile } from '../../../adapters/files/clear-files.ts'
import { readPrivateFile } from '../../../adapters/files/private-files.ts'
import { identitiesIn, openWithKeys } from '../../../adapters/sops/open.ts'
import { decryptWith, recipientOf } from '../../../adapters/vault/age-files.ts'
import type { ProjectConfig } from '../../../core/grant/model.ts'
import { secretNames } from '../../../core/grant/named-secrets.ts'
import { ageContent } from '../../../core/provider/file/age-content.ts'
import type { FileConfig } from '../../../core/provider/file/definition.ts'
import { onlyNamed, type ProvidedSet, type SecretProvider } from '../../../core/provider/provider.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { nameValues } from '../../../core/sops/names.ts'
import { readSops } from '../../../core/sops/read.ts'
import { AGE_KEY, formatOf, MAX_SOPS } from '../../../core/sops/tree.ts'
import { whoseKey } from '../../../core/sops/whose-key.ts'
import { shellWord } from '../../../core/text/shell-word.ts'
import type { FetchContext } from '../fetch-context.ts'

const MAX_KEYS = 65_536

/**
 * The provider `file`: one encrypted file of the project, of SOPS with age keys or plain age, opened here and without
 * the sops program. Failures of a fetch: provider-file, bad-import, io, too-large, unsafe-file (a key that others may read).
 */
export function fileProvider(
  config: ProjectConfig | undefined,
  context: FetchContext,
): Result<SecretProvider> {
  if (config?.file === undefined) throw new Error('the config check lets no such project through')
  const settings = config.file
  return ok({ name: 'file', fetch: () => fetchFile(settings, config, context) })
}

async function fetchFile(
  settings: FileConfig,
  config: ProjectConfig,
  context: FetchContext,
): Promise<Result<ProvidedSet>> {
  const bytes = await readClearFile(join(context.root, settings.path), MAX_SOPS)
  if (!bytes.ok) return bytes
  const keys = await identitiesFor(settings, context)
  if (!keys.ok) return keys
  const opened = await openFile(settings.path, bytes.value, keys.value, () => recipientOf(context.identity))
  for (const key of keys.value) key.fill(0)
  if (!opened.ok) return opened
  const names = new Map([...opened.value.keys()].map((name) => [name, settings.path]))
  const secrets = onlyNamed(opened.value, new Set(secretNames(config)))
  return ok({ secrets, identity: new Map(), names, notes: [] })
}

/** What may open the file. The caller wipes them. */
async function identitiesFor({ identity }: FileConfig, context: FetchContext): Promise<Result<Buffer[]>> {
  const kept = context.doc.secrets.get(identity ?? AGE_KEY)?.value
  if (identity === undefined)
    return ok([Buffer.from(context.identity), ...(kept ? await identitiesIn(kept) : [])])
  if (!/^[~/]/.test(identity)) {
    const found = kept === undefined ? [] : await identitiesIn(kept)
    if (found.length > 0) return ok(found)
    const why = kept === undefined ? 'is not in the vault' : 'is no age identity (AGE-SECRET-KEY-1…)'
    return err({ reason: 'provider-file', what: identity, why, next: `tazpod vault set ${identity}` })
  }
  const path = identity.startsWith('~/') ? join(context.env.HOME ?? '/', identity.slice(2)) : identity
  const text = await readPrivateFile(path, MAX_KEYS)
  if (!text.ok) return text
  const found = await identitiesIn(text.value)
  text.value.fill(0)
  if (found.length > 0) return ok(found)
  return err({ reason: 'provider-file', what: path, why: 'holds no age identity (AGE-SECRET-KEY-1…)' })
}

async function openFile(
  path: string,
  bytes: Buffer,
  keys: readonly Buffer[],
  own: () => Promise<string>,
): Promise<Result<Map<string, Buffer>>> {
  if (/\.age$/i.test(path)) return openAge(path, bytes, keys, own)
  const refused = (why: string) => err({ reason: 'provider-file', what: path, why } as const)
  const file = readSops(bytes.toString('utf8'), formatOf(path))
  if (typeof file === 'string') return refused(file)
  const leaves = await openWithKeys(file, keys)
  if (leaves === undefined)
    return err({
      reason: 'provider-file',
      what: path,
      why: `can't be opened: ${whoseKey(file)}`,
      next: `tazpod vault set ${AGE_KEY}   (or, for the vault's own key: sops rotate -i --add-age ${await own()} ${shellWord(path)})`,
    })
  if (typeof leaves === 'string') return refused(leaves)
  const { values, collisions } = nameValues([{ file: path, leaves }])
  for (const { value } of leaves) value.fill(0)
  if (collisions.length === 0) return ok(new Map(values.map(({ name, value }) => [name, value])))
  for (const { value } of values) value.fill(0)
  return refused(`has two values for one name: ${collisions.join('; ')}`)
}

async function openAge(
  path: string,
  bytes: Buffer,
  keys: readonly Buffer[],
  own: () => Promise<string>,
): Promise<Result<Map<string, Buffer>>> {
  for (const key of keys) {
    const opened = await decryptWith(bytes, key)
    if (opened.ok) {
      const read = ageContent(path, opened.value)
      opened.value.fill(0)
      return read
    }
    if (opened.error.kind === 'damaged')
      return err({ reason: 'provider-file', what: path, why: `is damaged: ${opened.error.why}` })
  }
  return err({
    reason: 'provider-file',
    what: path,
    why: "can't be opened: it is encrypted to none of the keys here",
    next: `age -r ${await own()} -o ${shellWord(path)} FILE   (for the vault's own key)`,
  })
}
