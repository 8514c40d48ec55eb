import { runGranted } from '../../adapters/holder/child.ts'
import { stdoutKind } from '../../adapters/terminal/standard-streams.ts'
import type { StoringProvider } from '../../core/provider/registry.ts'
import { setCommand } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { joinAndWipe } from '../../core/text/escape.ts'
import { nearest } from '../../core/text/nearest.ts'
import { show } from '../../core/text/show.ts'
import { esoSchema } from '../core/eso-versions.ts'
import {
  clusterSecretStore,
  externalSecret,
  identitySecret,
  type StoreOptions,
  storePlaceOf,
  TALOS_SECRETS_HCL,
  talosPatch,
} from '../core/manifests.ts'
import { infrastructureNames } from '../core/record.ts'
import { isKey } from '../core/secretbox-key.ts'
import { generationOf } from '../core/talos-versions.ts'
import type { OpenCastle } from './access.ts'
import { appSecretNames } from './app-secrets.ts'
import { readKnown } from './record.ts'
import type { SecretStore } from './store.ts'

/** Text that goes to standard output, or into kubectl. The caller wipes it. */
interface Rendered {
  text: Buffer
  /** Whether it holds a secret: then it goes into a pipe only. */
  secret: boolean
  notes: string[]
}

/**
 * The secretbox key as a patch of the machine config, in the form of the castle's version of Talos (or of `version`), or
 * as Terraform's argument, which needs no key. Failures: castle-data, those of `readKnown` and of the store.
 */
export async function renderTalosPatch(
  { castle, withStore }: OpenCastle,
  { hcl, version }: { hcl: boolean; version: string | undefined },
): Promise<Result<Rendered>> {
  if (hcl) return ok({ text: Buffer.from(TALOS_SECRETS_HCL), secret: false, notes: [] })
  const known = version === undefined ? await readKnown(castle.folder) : undefined
  if (known !== undefined && !known.ok) return known
  const talos = version ?? known?.value.topology.talos_version ?? ''
  const generation = generationOf(talos)
  if (generation === undefined)
    return err({
      reason: 'castle-data',
      what: `Talos ${show(talos)}`,
      why: 'is no version of Talos 1, as v1.14.0',
    })
  const name = castle.record.secrets.secretbox
  return withStore(async (store) => {
    const key = await present(store, name, castle.record.provider)
    if (!key.ok) return key
    const text = isKey(key.value) ? talosPatch(key.value, generation) : undefined
    key.value.fill(0)
    return text
      ? ok({ text, secret: true, notes: generation === 'documents' ? [IN_ITS_PLACE] : [] })
      : err({
          reason: 'castle-data',
          what: name,
          why: 'is no secretbox key',
          next: 'tazpod castle secretbox check',
        })
  })
}

/** A merge appends lists, and of two entries for Secrets the first one writes. */
const IN_ITS_PLACE =
  'Talos 1.14 generates a KubeEtcdEncryptionConfig of its own: take that one out first ($patch: delete), or give the key to talosctl gen config in the secrets bundle (secrets.secretboxencryptionsecret)'

interface EsoOptions extends Omit<StoreOptions, 'version'> {
  /** Undefined: what terraform.tfvars says. */
  version: string | undefined
  parts: readonly ('identity' | 'store')[]
  /** Folder and namespaces of the store; undefined: what terraform.tfvars says. */
  path: string | undefined
  allow: readonly string[] | undefined
}

/** The identity Secret and the ClusterSecretStore for one version of External Secrets. */
export async function renderEso(open: OpenCastle, options: EsoOptions): Promise<Result<Rendered>> {
  const known = await readKnown(open.castle.folder)
  if (!known.ok) return known
  const version = options.version ?? known.value.topology.eso_version
  const given = { path: options.path, namespaces: options.allow }
  const place = storePlaceOf(known.value.topology, given)
  if (!place.ok) return place
  const store = clusterSecretStore(place.value, { ...options, version })
  if (!store.ok) return store
  const notes = notesFor(version)
  if (!options.parts.includes('identity')) return ok({ text: Buffer.from(store.value), secret: false, notes })
  const { provider, secrets } = open.castle.record
  const { clientId, clientSecret } = secrets
  return open.withStore(async (from) => {
    const id = await present(from, clientId, provider)
    if (!id.ok) return id
    const secret = await present(from, clientSecret, provider)
    const identity = secret.ok ? identitySecret(options.namespace, id.value, secret.value) : secret
    id.value.fill(0)
    if (secret.ok) secret.value.fill(0)
    if (!identity.ok) return identity
    const tail = options.parts.includes('store') ? `---\n${store.value}` : ''
    return ok({ text: joinAndWipe([identity.value, Buffer.from(tail)]), secret: true, notes })
  })
}

/**
 * An ExternalSecret for keys that are where External Secrets will look. Failures: castle-refused (a secret of the
 * infrastructure, or a namespace that the store refuses), castle-data with the nearest right name.
 */
export async function renderExternalSecret(
  open: OpenCastle,
  env: NodeJS.ProcessEnv,
  options: { version: string | undefined; name: string; namespace: string; keys: string[]; refresh: string },
): Promise<Result<Rendered>> {
  const known = await readKnown(open.castle.folder)
  if (!known.ok) return known
  const { topology } = known.value
  const version = options.version ?? topology.eso_version
  const manifest = externalSecret({ ...options, version })
  if (!manifest.ok) return manifest
  const place = storePlaceOf(topology)
  if (!place.ok) return place
  const own = options.keys.find((key) => infrastructureNames(open.castle.record).includes(key))
  if (own !== undefined)
    return err({
      reason: 'castle-refused',
      why: `${own} belongs to the infrastructure of castle ${open.castle.record.name}: in the cluster everybody with its namespace would have the machines`,
      next: `put what the app needs into ${place.value.path} under a name of its own`,
    })
  const { namespaces, path } = place.value
  if (!namespaces.includes(options.namespace))
    return err({
      reason: 'castle-refused',
      why: `the store takes no ExternalSecret of the namespace ${show(options.namespace)} (apps_namespaces: ${namespaces.join(', ')})`,
      next: 'add it to apps_namespaces in terraform.tfvars && tazpod castle apply',
    })
  const found = await appSecretNames(open, topology, path, env)
  if (!found.ok) return found
  const { names, label } = found.value
  const missing = options.keys.find((key) => !names.includes(key))
  if (missing === undefined)
    return ok({ text: Buffer.from(manifest.value), secret: false, notes: notesFor(version) })
  const right = nearest(missing, names)
  return err({
    reason: 'castle-data',
    what: show(missing),
    why: `is not in ${label}, folder ${path}${right === undefined ? '' : ` (did you mean ${right}?)`}`,
    next: setCommand('infisical', missing, path),
  })
}

/** What a person has to know about a version and would not see. */
function notesFor(version: string): string[] {
  const schema = esoSchema(version)
  if (typeof schema === 'string' || schema.checksStatus) return []
  return [
    `External Secrets ${version} says Ready even with wrong credentials, and makes an empty value of a missing key: check lengths after the first sync`,
  ]
}

async function present(store: SecretStore, name: string, provider: StoringProvider): Promise<Result<Buffer>> {
  const value = await store.read(name)
  if (!value.ok) return value
  if (value.value !== undefined) return ok(value.value)
  const why = `is not in ${store.label}`
  return err({ reason: 'castle-data', what: name, why, next: setCommand(provider, name) })
}

/** What became of it: what kubectl said, or the text for standard output, which the caller writes. */
export type HandedOver = { applied: string; notes: string[] } | Rendered

/** Sends it into kubectl, or checks that it may be printed. Failures: unsafe-output, castle-tool, native-missing. */
export async function handOver(
  rendered: Rendered,
  options: { apply: boolean; force: boolean; cwd: string },
): Promise<Result<HandedOver>> {
  if (options.apply) return applied(rendered, options.cwd)
  const out = stdoutKind()
  if (!rendered.secret || options.force || out === 'pipe') return ok(rendered)
  rendered.text.fill(0)
  return err({
    reason: 'unsafe-output',
    why: out === 'terminal' ? 'a terminal keeps what it showed' : 'a file would hold the secrets in clear',
  })
}

/** With the grants of the folder: kubectl gets the castle's kubeconfig, and the text on its standard input. */
async function applied({ text, notes }: Rendered, cwd: string): Promise<Result<HandedOver>> {
  const argv = ['kubectl', 'apply', '--server-side', '--field-manager=tazpod', '-f', '-']
  const ran = await runGranted(argv, { cwd, input: text })
  text.fill(0)
  if (!ran.ok) return ran
  const { exitCode, stdout, stderr } = ran.value
  if (exitCode === 0) return ok({ applied: stdout.toString('utf8').trim(), notes })
  const why = `refused it (exit code ${exitCode}): ${stderr.toString('utf8').trim().slice(0, 500)}`
  return err({ reason: 'castle-tool', tool: 'kubectl', why })
}
