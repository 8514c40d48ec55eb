import { err, ok, type Result } from '../../core/result.ts'

/**
 * The desktop's secret service (GNOME Keyring, KWallet, KeePassXC), through the keytar-compatible package. The store is
 * pinned: left to itself the package falls back to a kernel keyring without a word, and the secret is lost with the
 * next process.
 */

const SERVICE = 'tazpod'
const PINNED = { linux: { store: 'secret-service' } } as const
/** A secret service that waits for a dialog nobody sees must not hang `pull` for ever. */
const DEADLINE = 60_000

/** Keeps a passphrase for `account` (the path of a vault's identity), replacing an earlier one. Does not wipe it. */
export function rememberPassphrase(account: string, passphrase: Buffer): Promise<Result<void>> {
  return withEntry(account, async (entry, signal) => {
    await entry.setSecret(passphrase, signal)
    return ok()
  })
}

/** The remembered passphrase; undefined when none is kept. The caller wipes it. */
export function recalledPassphrase(account: string): Promise<Result<Buffer | undefined>> {
  return withEntry(account, async (entry, signal) => {
    const secret = await entry.getSecret(signal)
    if (secret === null) return ok(undefined)
    const bytes = Buffer.from(secret)
    secret.fill(0)
    return ok(bytes)
  })
}

/** Removes a remembered passphrase. Returns whether there was one. */
export function forgetPassphrase(account: string): Promise<Result<boolean>> {
  return withEntry(account, async (entry, signal) => ok(await entry.deleteCredential(signal)))
}

type Entry = import('@napi-rs/keyring').AsyncEntry

async function withEntry<T>(
  account: string,
  use: (entry: Entry, signal: AbortSignal) => Promise<Result<T>>,
): Promise<Result<T>> {
  let keyring: typeof import('@napi-rs/keyring')
  try {
    keyring = await import('@napi-rs/keyring')
  } catch {
    return err({ reason: 'keyring', why: 'its package is not installed for this machine' })
  }
  try {
    return await use(new keyring.AsyncEntry(SERVICE, account, PINNED), AbortSignal.timeout(DEADLINE))
  } catch (error) {
    return err({ reason: 'keyring', why: explained(error) })
  }
}

/** The package's texts name D-Bus errors, never a secret; the usual ones are said in plain words. */
function explained(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  if (/autolaunch|NoServer|not connect|No such file|Connection refused/i.test(text))
    return 'there is no D-Bus session here'
  if (/ServiceUnknown|not provided by any/i.test(text)) return 'none is running in this session'
  if (/lock|prompt|dismiss/i.test(text)) return 'it is locked and was not unlocked'
  if (/abort|timed? ?out/i.test(text)) return 'it did not answer in a minute'
  return text.split('\n')[0]?.slice(0, 200) ?? 'unknown error'
}
