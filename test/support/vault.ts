import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Encrypter } from 'age-encryption'
import { type Disk, disk } from '../../src/adapters/files/disk.ts'
import { decryptWithPassphrase, generateIdentity } from '../../src/adapters/vault/age-files.ts'
import { scryptRecipient } from '../../src/adapters/vault/age-scrypt.ts'
import { type VaultTools, vaultTools } from '../../src/adapters/vault/vault-files.ts'
import { openVault, writeNext } from '../../src/app/vault/open.ts'
import { type VaultPlace, vaultPlace } from '../../src/app/vault/place.ts'
import { vaultId } from '../../src/app/vault/seal.ts'
import { failureText } from '../../src/core/failure/words.ts'
import { ok, type Result } from '../../src/core/result.ts'
import { emptyDocument, type VaultDocument } from '../../src/core/vault/document.ts'
import { withSecrets } from '../../src/core/vault/edit.ts'

export const NOW = '2026-01-02T03:04:05.000Z'

/** A throw-away folder, and the place of a vault in it. */
export class VaultFolder implements Disposable {
  readonly root: string
  readonly place: VaultPlace

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'tz-vault-'))
    const under = (name: string) => join(this.root, name)
    this.place = vaultPlace({ data: under('data'), state: under('state'), config: under('config') })
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Tools whose lock is always free, for tests of one writer that don't need the native binary. */
export const alone: VaultTools = {
  ...vaultTools,
  lock: async () => ok({ release: async () => undefined }),
}

/** A vault without identity.age, so without half a second of key derivation. Returns its identity. */
export async function quickVault(place: VaultPlace, secrets: Record<string, string> = {}): Promise<Buffer> {
  const identity = await generateIdentity()
  mkdirSync(join(place.vault, '..'), { recursive: true, mode: 0o700 })
  const empty = emptyDocument(vaultId(identity), NOW, [])
  const doc = value(withSecrets(empty, buffers(secrets), NOW))
  value(await writeNext(place, identity, doc, 1, alone))
  return identity
}

/**
 * Puts an identity file under the same passphrase with a work factor that costs nothing, in place. tazpod writes 18
 * and reads any: hundreds of unlocks of the tests then don't take half a second each.
 */
export async function cheapen(identityFile: string, passphrase: string): Promise<void> {
  const opened = await decryptWithPassphrase(readFileSync(identityFile), Buffer.from(passphrase))
  if (!opened.ok) throw new Error(`can't open ${identityFile}`)
  const encrypter = new Encrypter()
  encrypter.addRecipient(scryptRecipient(Buffer.from(passphrase), 4))
  writeFileSync(identityFile, await encrypter.encrypt(opened.value))
}

/** The secrets of a vault as text. */
export async function secretTexts(place: VaultPlace, identity: Buffer): Promise<Record<string, string>> {
  return texts(value(await openVault(place, identity)))
}

export function texts(doc: VaultDocument): Record<string, string> {
  return Object.fromEntries([...doc.secrets].map(([name, secret]) => [name, secret.value.toString()]))
}

export function buffers(secrets: Record<string, string>): Map<string, Buffer> {
  return new Map(Object.entries(secrets).map(([name, text]) => [name, Buffer.from(text)]))
}

/** A change that sets secrets. */
export function setting(secrets: Record<string, string>): (doc: VaultDocument) => Result<VaultDocument> {
  return (doc) => withSecrets(doc, buffers(secrets), NOW)
}

export function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`expected a value: ${failureText(result.error).message}`)
  return result.value
}

/** The failure as a person reads it, and its reason; a success is an error of the test. */
export function failed(result: Result<unknown>): { reason: string; message: string; exitCode: number } {
  if (result.ok) throw new Error('expected a failure')
  return { reason: result.error.reason, ...failureText(result.error) }
}

export type DiskStep = keyof Disk

/**
 * A disk that reports each call. `around` gets the number of the call (from 0), its name, and the call itself, which
 * it can make, make in part, or replace by an error.
 */
export function steppedDisk(
  around: (
    n: number,
    step: DiskStep,
    args: unknown[],
    call: (...args: unknown[]) => Promise<unknown>,
  ) => Promise<unknown>,
): Disk {
  let count = 0
  const stepped = Object.entries(disk).map(([name, call]) => [
    name,
    (...args: unknown[]) =>
      around(count++, name as DiskStep, args, call as (...args: unknown[]) => Promise<unknown>),
  ])
  return Object.fromEntries(stepped) as Disk
}

/** What a failing system call throws. */
export function errno(code: string): Error {
  return Object.assign(new Error(code), { code })
}
