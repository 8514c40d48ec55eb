import { storedFormProblem } from '../../../core/provider/infisical/stored-form.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { isSecretName } from '../../../core/text/secret-name.ts'
import type { VaultAccess } from '../../vault/access.ts'
import { fingerprint, fingerprintKey } from '../../vault/fingerprint.ts'
import { atInfisical, type Errand } from './once.ts'
import { findRemote, putRemote } from './remote-secret.ts'

interface PushOptions {
  name: string
  /** The bytes, exactly; the caller wipes them. */
  value: Buffer
  /** Folder; default: where it is, or what tazpod.yaml says, or the first of its paths. */
  path?: string | undefined
}

interface Pushed {
  name: string
  path: string
  change: 'created' | 'updated' | 'same'
  size: number
  fingerprint: string
}

/** Creates a secret at the server or gives it a new value; see `putRemote`. */
export async function pushSecret(
  access: VaultAccess,
  errand: Errand,
  { name, value, path }: PushOptions,
): Promise<Result<Pushed>> {
  if (!isSecretName(name)) return err({ reason: 'bad-secret-name', name })
  const why = storedFormProblem(value)
  if (why !== undefined) return err({ reason: 'bad-value', name, why }) // before a passphrase is asked for
  return atInfisical(access, errand, async (connected): Promise<Result<Pushed>> => {
    const target = await findRemote(connected, name, path)
    if (!target.ok) return target
    errand.progress(`writing ${name}`)
    const put = await putRemote(connected, target.value, name, value)
    if (!put.ok) return put
    const { place } = target.value
    if (put.value === 'exists') {
      const at = { host: connected.source.client.host, path: place.path }
      return err({ reason: 'infisical', problem: { kind: 'exists' }, at })
    }
    const key = fingerprintKey(connected.identity)
    const print = fingerprint(key, value)
    key.fill(0)
    return ok({ name, path: place.path, change: put.value, size: value.length, fingerprint: print })
  })
}
