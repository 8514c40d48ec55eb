import { revoke } from '../../../adapters/infisical/auth-api.ts'
import { secretNames } from '../../../core/grant/named-secrets.ts'
import type { Combined } from '../../../core/provider/infisical/combine.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { Changed } from '../../../core/vault/edit.ts'
import type { VaultAccess } from '../../vault/access.ts'
import { fingerprint, fingerprintKey } from '../../vault/fingerprint.ts'
import { storeSecrets } from '../../vault/replace.ts'
import { fetchAll, wantedBy } from './fetch.ts'
import { atInfisical, type Connected, type Errand } from './once.ts'

/** One secret at the server. Never its value. */
interface RemoteSecret {
  name: string
  path: string
  /** Bytes. */
  size: number
  fingerprint: string
  /** Whether tazpod.yaml names it. */
  used: boolean
}

/** One name in the vault, at the server, or in both. */
interface Difference {
  name: string
  state: 'same' | 'different' | 'only-vault' | 'only-infisical'
  vault: string | null
  infisical: string | null
}

interface Remote<T> {
  secrets: T[]
  /** What was left out, and why. */
  notes: string[]
}

/** As if the project used everything: then nothing is left out. */
const EVERYTHING = { names: { has: () => true }, decided: new Map<string, string>() }

/** What the server has in the project's folders. */
export function remoteSecrets(access: VaultAccess, errand: Errand): Promise<Result<Remote<RemoteSecret>>> {
  return withRemote(access, errand, false, async ({ project, identity }, { secrets, paths, notes }) => {
    const key = fingerprintKey(identity)
    const names = new Set(secretNames(project.config))
    const list = [...secrets].map(([name, value]) => ({
      name,
      path: paths.get(name) ?? '/',
      size: value.length,
      fingerprint: fingerprint(key, value),
      used: names.has(name),
    }))
    key.fill(0)
    return ok({ secrets: list.sort(byName), notes })
  })
}

/** Vault and server side by side, by name and keyed fingerprint. */
export function differences(access: VaultAccess, errand: Errand): Promise<Result<Remote<Difference>>> {
  return withRemote(access, errand, false, async ({ doc, identity }, { secrets, notes }) => {
    const key = fingerprintKey(identity)
    const print = (value: Buffer | undefined) => (value === undefined ? null : fingerprint(key, value))
    const names = new Set([...doc.secrets.keys(), ...secrets.keys()])
    const list = [...names].map((name): Difference => {
      const here = doc.secrets.get(name)?.value
      const there = secrets.get(name)
      return { name, state: stateOf(here, there), vault: print(here), infisical: print(there) }
    })
    key.fill(0)
    return ok({ secrets: list.sort(byName), notes })
  })
}

/** Copies what the server has into the vault, byte for byte, all or nothing: to live on without the server. */
export function importRemote(access: VaultAccess, errand: Errand, force: boolean): Promise<Result<Changed>> {
  return withRemote(access, errand, true, ({ identity }, { secrets }) =>
    storeSecrets(access, identity, secrets, force),
  )
}

function withRemote<T>(
  access: VaultAccess,
  errand: Errand,
  everything: boolean,
  work: (connected: Connected, combined: Combined) => Promise<Result<T>>,
): Promise<Result<T>> {
  return atInfisical(access, errand, async (connected) => {
    const { source, token, before } = connected
    // Without the etags: an answer "not changed" would have no values.
    const last = before && { ...before, token, etags: [] }
    const held = last ?? {
      source: source.hash,
      identity: source.name,
      token,
      older: [],
      projectId: '',
      api: 'v4' as const,
      etags: [],
      names: [],
    }
    const fetched = await fetchAll(
      source,
      everything ? EVERYTHING : wantedBy(connected.project.config),
      held,
      errand.progress,
    )
    if (!fetched.ok) return fetched
    const { combined } = fetched.value
    if (combined === undefined)
      return err({
        reason: 'infisical',
        problem: { kind: 'not-infisical', why: 'it says "not changed" to a first question' },
        at: { host: source.client.host },
      })
    try {
      return await work(connected, combined)
    } finally {
      const { token: last } = fetched.value.session
      if (last.token !== token.token) await revoke(source.client, last.token) // the held one was refused
      for (const value of combined.secrets.values()) value.fill(0)
    }
  })
}

function stateOf(here: Buffer | undefined, there: Buffer | undefined): Difference['state'] {
  if (here === undefined) return 'only-infisical'
  if (there === undefined) return 'only-vault'
  return here.equals(there) ? 'same' : 'different'
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1
}
