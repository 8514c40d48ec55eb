import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { filesBelow } from '../../adapters/files/code-files.ts'
import { runPlain } from '../../adapters/holder/child.ts'
import { identitiesIn, openWithKeys } from '../../adapters/sops/open.ts'
import { readText } from '../../castle/adapters/files.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type OpenedLeaf, plainLeaf } from '../../core/sops/decrypt.ts'
import { readPlain, readSops } from '../../core/sops/read.ts'
import { formatOf, leaves, MAX_SOPS, type SopsFile, type SopsFormat } from '../../core/sops/tree.ts'
import { whoseKey } from '../../core/sops/whose-key.ts'

/** One encrypted file, opened. */
export interface OpenedFile {
  path: string
  format: SopsFormat
  /** Of the encrypted bytes. */
  sha256: string
  by: 'age' | 'sops'
  /** Version of the SOPS that wrote it. */
  version: string | undefined
  leaves: OpenedLeaf[]
}

export interface TextFile {
  path: string
  text: string
}

export interface Inventory {
  sops: { path: string; bytes: Buffer }[]
  /** `.sops.yaml` files. */
  rules: string[]
  /** Every other text file, for references. */
  others: TextFile[]
}

/** What there is of SOPS below a folder: by content, so that no name is missed. Failures: too-large, io. */
export async function takeInventory(folder: string): Promise<Result<Inventory>> {
  const found: Inventory = { sops: [], rules: [], others: [] }
  for (const { path, link, size } of await filesBelow(folder)) {
    if (link || size > MAX_SOPS || path.startsWith('.tazpod/')) continue
    const bytes = await readText(join(folder, path))
    if (!bytes.ok) return bytes
    if (bytes.value === undefined) continue
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (/^\.sops\.ya?ml$/.test(name)) found.rules.push(path)
    else if (isSops(bytes.value)) found.sops.push({ path, bytes: bytes.value })
    else if (!bytes.value.includes(0)) found.others.push({ path, text: bytes.value.toString('utf8') })
  }
  return ok(found)
}

function isSops(bytes: Buffer): boolean {
  if (!bytes.includes('ENC[AES256_GCM,')) return false
  return /(^|[\n"'{[ ])sops(["']?\s*:|\]|_mac)/.test(bytes.toString('latin1'))
}

/** One that can't be opened; `why` completes "PATH …". */
export interface UnreadFile {
  path: string
  why: string
}

/** Opens every file that can be opened, and says of each other one why not. The caller wipes the values. */
export async function openAll(
  folder: string,
  { sops }: Inventory,
  identities: readonly Buffer[],
): Promise<{ opened: OpenedFile[]; unread: UnreadFile[] }> {
  const opened: OpenedFile[] = []
  const unread: UnreadFile[] = []
  for (const { path, bytes } of sops) {
    const one = await openFile(folder, path, bytes, identities)
    if (one.ok) opened.push(one.value)
    else unread.push({ path, why: one.error })
  }
  return { opened, unread }
}

export function wipeOpened(files: readonly OpenedFile[]): void {
  for (const { leaves: all } of files) for (const { value } of all) value.fill(0)
}

async function openFile(
  folder: string,
  path: string,
  bytes: Buffer,
  identities: readonly Buffer[],
): Promise<Result<OpenedFile, string>> {
  const format = formatOf(path)
  const file = readSops(bytes.toString('utf8'), format)
  if (typeof file === 'string') return err(file)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const all = await openWithKeys(file, identities)
  if (all === undefined) return byProgram(folder, path, file, sha256)
  return typeof all === 'string'
    ? err(all)
    : ok({ path, format, sha256, by: 'age', version: file.meta.version, leaves: all })
}

/** Files for other key services, with several key groups, or with rules about comments: the sops program itself. */
async function byProgram(
  folder: string,
  path: string,
  file: SopsFile,
  sha256: string,
): Promise<Result<OpenedFile, string>> {
  const ran = await runPlain(['sops', '--decrypt', path], { cwd: folder })
  if (!ran.ok) return err(`can not be opened: ${whoseKey(file)}, and the sops program is not there`)
  const { exitCode, stdout } = ran.value
  const plain =
    exitCode === 0
      ? readPlain(stdout.toString('utf8'), file.format)
      : `can not be opened, not by sops either: ${whoseKey(file)}`
  stdout.fill(0)
  if (typeof plain === 'string') return err(plain)
  const encrypted = new Set(
    file.branches.flatMap((branch, i) =>
      [...leaves(branch)]
        .filter(({ text }) => text.startsWith('ENC['))
        .map(({ place }) => `${i}\0${place.join('\0')}`),
    ),
  )
  const all = plain.flatMap((branch, i) =>
    [...leaves(branch)].map(
      (leaf): OpenedLeaf => ({
        ...plainLeaf(leaf),
        encrypted: encrypted.has(`${i}\0${leaf.place.join('\0')}`),
      }),
    ),
  )
  return ok({ path, format: file.format, sha256, by: 'sops', version: file.meta.version, leaves: all })
}

/** The age identities of the environment: `SOPS_AGE_KEY_FILE` and `SOPS_AGE_KEY`, as sops itself looks for them. */
export async function identitiesOf(env: NodeJS.ProcessEnv): Promise<Result<Buffer[]>> {
  const texts: Buffer[] = []
  if (env.SOPS_AGE_KEY) texts.push(Buffer.from(env.SOPS_AGE_KEY))
  if (env.SOPS_AGE_KEY_FILE) {
    const file = await readText(env.SOPS_AGE_KEY_FILE, 65_536)
    if (!file.ok) return file
    if (file.value !== undefined) texts.push(file.value)
  }
  return ok((await Promise.all(texts.map(identitiesIn))).flat())
}
