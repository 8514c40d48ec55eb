import { readClearFile } from '../../../adapters/files/clear-files.ts'
import { revoke } from '../../../adapters/infisical/auth-api.ts'
import { readSecretFd } from '../../../adapters/terminal/secret-fd.ts'
import { askHidden, askVisible, hasTerminal } from '../../../adapters/terminal/terminal.ts'
import { DEFAULT_HOST, normaliseHost } from '../../../core/provider/infisical/host.ts'
import { isInfisicalName } from '../../../core/provider/infisical/names.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { StoredIdentity } from '../../../core/vault/document.ts'
import { wipeDocument, withIdentity as withStored } from '../../../core/vault/edit.ts'
import type { VaultAccess } from '../../vault/access.ts'
import { withIdentity } from '../../vault/identity.ts'
import { openVault, updateVault } from '../../vault/open.ts'
import { clientFor } from './source.ts'
import { freshToken } from './token.ts'

interface LoginOptions {
  /** Name in the vault. */
  name: string
  host?: string | undefined
  clientId?: string | undefined
  /** Descriptor that delivers the client secret; without it a person is asked. */
  clientSecretFd?: number | undefined
  organization?: string | undefined
  /** Path of a PEM file with the only authority to trust. */
  ca?: string | undefined
  env: NodeJS.ProcessEnv
  progress: (text: string) => void
}

/** One identity as it may be shown: no secret. */
export interface KnownIdentity {
  name: string
  host: string
  clientId: string
  organization: string | null
  /** Whether it trusts an authority of its own. */
  ownCa: boolean
  /** ISO 8601. */
  updated: string
}

export interface LoggedIn extends KnownIdentity {
  /** Seconds that a session of it lives before it is renewed. */
  lifetime: number
}

const MAX_SECRET = 4096
/** With the tokens of a session it has to fit into one frame of 64 KiB. */
const MAX_CA = 32_768

/**
 * Keeps a machine identity in the vault, after a real login proved it (that session is revoked at once). What is not
 * given is asked for on the terminal. Nothing is stored when the server refuses.
 * Failures: usage, no-terminal, interrupted, infisical, and those of the vault.
 */
export async function logIn(access: VaultAccess, options: LoginOptions): Promise<Result<LoggedIn>> {
  const { name } = options
  if (!isInfisicalName(name))
    return err({
      reason: 'usage',
      message: `${JSON.stringify(name)} is no name for an identity`,
      next: 'tazpod login',
    })
  if (options.clientSecretFd !== undefined && options.clientSecretFd === access.passphraseFd)
    return err({
      reason: 'usage',
      message: 'one descriptor cannot carry the passphrase and the client secret',
    })
  const host = options.host === undefined ? undefined : normaliseHost(options.host)
  if (host && !host.ok) return host // before a passphrase is asked for
  const ca = await authority(options.ca)
  if (!ca.ok) return ca
  return withIdentity(access, async (identity) => {
    const asked = await credentials(access, options, host?.value)
    if (!asked.ok) return asked
    const stored: StoredIdentity = {
      provider: 'infisical',
      ...asked.value,
      ...(options.organization !== undefined && { organization: options.organization }),
      ...(ca.value !== undefined && { ca: ca.value }),
      updated: new Date().toISOString(),
    }
    const lifetime = await proved(stored, options)
    if (!lifetime.ok) return lifetime
    const done = await updateVault(access.place, identity, (doc) => ok(withStored(doc, name, stored)))
    if (!done.ok) return done
    wipeDocument(done.value)
    return ok({ ...known(name, stored), lifetime: lifetime.value })
  })
}

/** The identities of the vault, by name, without their secrets. */
export function knownIdentities(access: VaultAccess): Promise<Result<KnownIdentity[]>> {
  return withIdentity(access, async (identity) => {
    const doc = await openVault(access.place, identity)
    if (!doc.ok) return doc
    const list = [...doc.value.identities].map(([name, stored]) => known(name, stored))
    wipeDocument(doc.value)
    return ok(list.sort((a, b) => (a.name < b.name ? -1 : 1)))
  })
}

function known(name: string, { host, clientId, organization, ca, updated }: StoredIdentity): KnownIdentity {
  return { name, host, clientId, organization: organization ?? null, ownCa: ca !== undefined, updated }
}

async function credentials(
  { nonInteractive }: VaultAccess,
  options: LoginOptions,
  host: string | undefined,
): Promise<Result<Pick<StoredIdentity, 'host' | 'clientId' | 'clientSecret'>>> {
  const mayAsk = !nonInteractive && hasTerminal()
  const missing = (need: string, next: string) => err({ reason: 'no-terminal', need, next } as const)
  const at = host === undefined ? await askedHost(mayAsk) : ok(host)
  if (!at.ok) return at
  if (options.clientId === undefined && !mayAsk)
    return missing('the client id', 'tazpod login --client-id ID --client-secret-fd 3 3< FILE')
  const clientId =
    options.clientId === undefined ? await askVisible('Client ID') : ok(options.clientId.trim())
  if (!clientId.ok) return clientId
  if (!/^[\x21-\x7e]{1,200}$/.test(clientId.value))
    return err({ reason: 'usage', message: 'the client id is empty or no plain text', next: 'tazpod login' })
  if (options.clientSecretFd === undefined && !mayAsk)
    return missing('the client secret', 'the same command with --client-secret-fd 3 3< FILE')
  const secret = await clientSecret(options.clientSecretFd)
  if (!secret.ok) return secret
  const text = secret.value.toString('utf8').trim() // the server trims it too
  secret.value.fill(0)
  return ok({ host: at.value, clientId: clientId.value, clientSecret: text })
}

async function askedHost(mayAsk: boolean): Promise<Result<string>> {
  if (!mayAsk) return ok(DEFAULT_HOST)
  const answer = await askVisible('Server', DEFAULT_HOST)
  return answer.ok ? normaliseHost(answer.value) : answer
}

async function clientSecret(fd: number | undefined): Promise<Result<Buffer>> {
  if (fd !== undefined)
    return readSecretFd(fd, MAX_SECRET, { what: 'client secret', flag: '--client-secret-fd' })
  const typed = await askHidden('Client secret: ')
  if (typed.ok || typed.error.reason !== 'bad-passphrase') return typed
  return err({ ...typed.error, what: 'client secret' })
}

async function authority(path: string | undefined): Promise<Result<string | undefined>> {
  if (path === undefined) return ok(undefined)
  const file = await readClearFile(path, MAX_CA)
  if (!file.ok) return file
  const text = file.value.toString('latin1')
  if (
    /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text) &&
    !text.includes('PRIVATE KEY')
  )
    return ok(text)
  return err({
    reason: 'usage',
    message: `${path} holds no certificate in PEM form, or more than that`,
    next: 'tazpod login --ca FILE',
  })
}

/** Logs in once, for real, and ends that session. Returns the lifetime of a session in seconds. */
async function proved(identity: StoredIdentity, { env, progress }: LoginOptions): Promise<Result<number>> {
  const client = clientFor(identity, env)
  try {
    progress(`logging in at ${identity.host}`)
    const token = await freshToken(client, identity)
    if (!token.ok) {
      const { problem, requestId } = token.error
      const at = { host: identity.host, ...(requestId !== undefined && { requestId }) }
      return err({ reason: 'infisical', problem, at })
    }
    await revoke(client, token.value.token) // best effort: it ends by itself, too
    return ok(token.value.times.lifetime)
  } finally {
    client.close()
  }
}
