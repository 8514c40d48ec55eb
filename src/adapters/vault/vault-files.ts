import { lstat, readdir, realpath, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { err, ok, type Result } from '../../core/result.ts'
import { MAX_VAULT } from '../../core/vault/limits.ts'
import { type Disk, disk } from '../files/disk.ts'
import { errnoOf } from '../files/errno.ts'
import { privateFolder, readPrivateFile, removeLeftovers, writePrivateFile } from '../files/private-files.ts'
import { type FileLock, flock } from '../holder/client.ts'

/** Where the parts of one vault are, all absolute. */
export interface VaultPlace {
  /** The age identity under the passphrase. */
  identity: string
  vault: string
  /** Folder of earlier generations. */
  generations: string
  /** Folder of the generation numbers last seen on this machine, one file per vault id. */
  seen: string
  /** Held by the one writer. */
  lock: string
  /** The project whose file named this vault: no symbolic link in it may lead the vault elsewhere. */
  root?: string
}

/** What a write uses of the outside world; tests pass failing ones. */
export interface VaultTools {
  disk: Disk
  /** Takes the lock file, or fails at once with `vault-busy` while another one has it. */
  lock(file: string): Promise<Result<FileLock>>
  /** How long to wait for another writer, in ms. */
  patience: number
}

export const vaultTools: VaultTools = { disk, lock: flock, patience: 10_000 }

export interface Generation {
  number: number
  path: string
  /** Bytes of the encrypted file. */
  size: number
  written: Date
}

/** How a written file is proved before it takes its name. */
export type Check = (readBack: Buffer) => Promise<Result<void>>

const KEPT = 10
const MAX_IDENTITY = 65_536
const PAUSE = 50
const HOUR = 3_600_000

/** Runs `work` as the only writer of this vault on this machine. Waits for another one up to `tools.patience`. */
export async function withWriter<T>(
  place: VaultPlace,
  tools: VaultTools,
  work: () => Promise<Result<T>>,
): Promise<Result<T>> {
  const inside = await staysInside(place)
  if (!inside.ok) return inside
  const folder = await privateFolder(dirname(place.vault))
  if (!folder.ok) return folder
  const until = Date.now() + tools.patience
  for (;;) {
    const lock = await tools.lock(place.lock)
    if (lock.ok) {
      try {
        await removeLeftovers(dirname(place.vault))
        return await work()
      } finally {
        await lock.value.release()
      }
    }
    if (lock.error.reason !== 'vault-busy') return lock
    if (Date.now() >= until) return err({ reason: 'vault-busy', path: place.vault })
    await sleep(PAUSE)
  }
}

/** The encrypted vault. Fails with words for: missing, empty, not a private plain file, over 64 MiB. */
export async function readVault(place: VaultPlace): Promise<Result<Buffer>> {
  const inside = await staysInside(place)
  if (!inside.ok) return inside
  return present(place, await readPrivateFile(place.vault, MAX_VAULT), place.vault)
}

/** The encrypted identity. Fails like {@link readVault}. */
export async function readIdentity(place: VaultPlace): Promise<Result<Buffer>> {
  const inside = await staysInside(place)
  if (!inside.ok) return inside
  const file = await readPrivateFile(place.identity, MAX_IDENTITY)
  return present(place, file, place.identity)
}

/** Fails when a checked-out symbolic link would lead a project's vault out of the project. */
async function staysInside(place: VaultPlace): Promise<Result<void>> {
  if (place.root === undefined) return ok()
  const root = await realpath(place.root).catch(() => undefined)
  let folder = dirname(place.vault)
  for (;;) {
    const real = await realpath(folder).catch(() => undefined)
    if (real !== undefined && root !== undefined) {
      if (real === root || real.startsWith(`${root}/`)) return ok()
      break
    }
    if ((await exists(folder)) || folder === dirname(folder)) break // a link that leads nowhere, or no root
    folder = dirname(folder)
  }
  return err({ reason: 'unsafe-file', path: place.vault, why: 'a symbolic link leads it out of the project' })
}

async function present(place: VaultPlace, file: Result<Buffer>, path: string): Promise<Result<Buffer>> {
  if (file.ok) {
    return file.value.length > 0 ? file : err({ reason: 'vault-damaged', path, why: 'the file is empty' })
  }
  if (file.error.reason !== 'io' || !['ENOENT', 'ENOTDIR'].includes(file.error.code)) return file
  if (path === place.identity && (await exists(place.vault))) {
    return err({ reason: 'vault-keyless', vault: place.vault, identity: path })
  }
  return err({
    reason: 'vault-missing',
    path: place.vault,
    generations: (await listGenerations(place)).length,
  })
}

/** Changes with every write of the vault file; a vault that is not there has a mark too. */
export async function vaultMark(place: VaultPlace): Promise<string> {
  const about = await stat(place.vault, { bigint: true }).catch(() => undefined)
  return about ? `${about.ino}:${about.mtimeNs}` : 'none'
}

/** Whether anything, even a broken link, has this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return false
    return true // what can't be looked at is not ours to create
  }
}

/** Writes vault or identity where there was none. An existing file is never touched. */
export async function createFile(
  path: string,
  bytes: Buffer,
  tools: VaultTools,
  check: Check,
): Promise<Result<void>> {
  const written = await writePrivateFile(path, bytes, { check, exclusive: true, disk: tools.disk })
  const taken = !written.ok && written.error.reason === 'io' && written.error.code === 'EEXIST'
  return taken ? err({ reason: 'vault-exists', path }) : written
}

/** Removes a file that was just made. One that can't be removed stays. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch(() => undefined)
}

/** Replaces vault or identity: the old or the new content is there at every moment. */
export function replaceFile(
  path: string,
  bytes: Buffer,
  tools: VaultTools,
  check: Check,
): Promise<Result<void>> {
  return writePrivateFile(path, bytes, { check, disk: tools.disk })
}

/** The kept generations, newest first. */
export async function listGenerations(place: VaultPlace): Promise<Generation[]> {
  const names = await readdir(place.generations).catch(() => [])
  const found = await Promise.all(names.map((name) => generation(join(place.generations, name), name)))
  return found.filter((g) => g !== undefined).sort((a, b) => b.number - a.number)
}

async function generation(path: string, name: string): Promise<Generation | undefined> {
  const number = /^([1-9][0-9]{0,15})\.age$/.exec(name)?.[1]
  if (number === undefined) return undefined
  const about = await stat(path).catch(() => undefined)
  return about && { number: Number(number), path, size: about.size, written: about.mtime }
}

/** The encrypted bytes of one generation. */
export async function readGeneration(one: Generation): Promise<Result<Buffer>> {
  const file = await readPrivateFile(one.path, MAX_VAULT)
  if (!file.ok || file.value.length > 0) return file
  return err({ reason: 'vault-damaged', path: one.path, why: 'the file is empty' })
}

/** Keeps a copy of the vault as generation `number`, unless there is an equal one, and drops all but the newest 10. */
export async function keepGeneration(
  place: VaultPlace,
  number: number,
  bytes: Buffer,
  tools: VaultTools,
): Promise<Result<void>> {
  const folder = await privateFolder(place.generations)
  if (!folder.ok) return folder
  await removeLeftovers(place.generations)
  const path = join(place.generations, `${number}.age`)
  const there = await readPrivateFile(path, MAX_VAULT)
  if (!there.ok || !there.value.equals(bytes)) {
    const written = await replaceFile(path, bytes, tools, sameBytes(path, bytes))
    if (!written.ok) return written
  }
  const old = (await listGenerations(place)).slice(KEPT)
  await Promise.all(old.map((one) => unlink(one.path).catch(() => undefined)))
  return ok()
}

/** Puts aside a vault file that could not be opened, before another takes its place: it may be somebody's only one. */
export async function keepUnreadable(
  place: VaultPlace,
  bytes: Buffer,
  tools: VaultTools,
): Promise<Result<void>> {
  const folder = await privateFolder(place.generations)
  if (!folder.ok) return folder
  const path = join(place.generations, `unreadable-${new Date().toISOString().replaceAll(':', '')}.age`)
  return createFile(path, bytes, tools, sameBytes(path, bytes))
}

/** The highest generation of vault `id` that this machine has seen; 0 when none. */
export async function lastSeen(place: VaultPlace, id: string): Promise<Result<number>> {
  const file = await readPrivateFile(join(place.seen, id), 64)
  if (file.ok) return ok(/^[1-9][0-9]{0,15}\n$/.test(file.value.toString()) ? Number(file.value) : 0)
  return file.error.reason === 'io' && file.error.code === 'ENOENT' ? ok(0) : file
}

/** Remembers that generation `number` of vault `id` was seen here. A higher number stays. */
export async function recordSeen(
  place: VaultPlace,
  id: string,
  number: number,
  tools: VaultTools,
): Promise<Result<void>> {
  const folder = await privateFolder(place.seen)
  if (!folder.ok) return folder
  await removeLeftovers(place.seen, HOUR)
  const before = await lastSeen(place, id) // a reader that was slow must not undo what a writer noted meanwhile
  if (before.ok && before.value >= number) return ok()
  const path = join(place.seen, id)
  const bytes = Buffer.from(`${number}\n`)
  return replaceFile(path, bytes, tools, sameBytes(path, bytes))
}

/** A check for files whose content needs no decryption. */
function sameBytes(path: string, bytes: Buffer): Check {
  return async (readBack) =>
    readBack.equals(bytes) ? ok() : err({ reason: 'not-written', path, step: 'compare', code: 'EIO' })
}
