import { stringify } from 'yaml'
import { render } from '../../core/grant/formats.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { joinAndWipe } from '../../core/text/escape.ts'
import { show } from '../../core/text/show.ts'
import { atLeast, type EsoSchema, esoSchema, parseVersion } from './eso-versions.ts'
import type { Generation } from './talos-versions.ts'
import type { Topology } from './topology.ts'

/** Where External Secrets finds Infisical. */
interface StorePlace {
  host: string
  project: string
  environment: string
  path: string
  /** Who may use the store; never empty: without this every namespace may. */
  namespaces: readonly string[]
}

/**
 * Where a castle's apps have their secrets. `given` is stronger than terraform.tfvars. Failure: castle-refused where it
 * would be the folder of the infrastructure, or open to every namespace.
 */
export function storePlaceOf(
  topology: Topology,
  given: { path?: string | undefined; namespaces?: readonly string[] | undefined } = {},
): Result<StorePlace> {
  const path = given.path ?? topology.infisical_apps_path
  const namespaces = given.namespaces ?? topology.apps_namespaces ?? []
  const apps = `/castles/${topology.castle_name}/apps`
  const next = `tazpod castle render eso --path ${path ?? apps} --allow default   (or set them in terraform.tfvars)`
  const refused = (why: string) => err({ reason: 'castle-refused', why, next } as const)
  if (path === undefined)
    return refused(
      'terraform.tfvars has no infisical_apps_path: the store would read the folder of the infrastructure, with the key and the kubeconfig',
    )
  if (`${topology.infisical_path}/`.startsWith(`${path.replace(/\/$/, '')}/`))
    return refused(
      `${path} is the folder of the infrastructure, or above it: the cluster would read its own key`,
    )
  if (namespaces.length === 0)
    return refused('terraform.tfvars has no apps_namespaces: every namespace could read the store')
  return ok({
    host: topology.infisical_host,
    project: topology.infisical_project_slug,
    environment: topology.infisical_environment,
    path,
    namespaces,
  })
}

export interface StoreOptions {
  version: string
  /** Namespace of the identity Secret. */
  namespace: string
  recursive: boolean
  /** Slug of the organisation; only since 2.7.0. */
  organization?: string | undefined
  /** Name of a Secret in `namespace` whose key `ca.crt` is trusted; only since 1.2.1. */
  caSecret?: string | undefined
}

const IDENTITY_SECRET = 'universal-auth-credentials'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

/** The schema of this version. Failure: castle-data. */
function schemaOf(version: string): Result<EsoSchema> {
  const schema = esoSchema(version)
  return typeof schema === 'string'
    ? err({ reason: 'castle-data', what: `External Secrets ${show(version)}`, why: schema })
    : ok(schema)
}

/** ClusterSecretStore with exactly the fields that this version knows. Failure: castle-data. */
export function clusterSecretStore(place: StorePlace, options: StoreOptions): Result<string> {
  const schema = schemaOf(options.version)
  if (!schema.ok) return schema
  const unknown = unknownOption(schema.value, options)
  if (unknown !== undefined) return refuse(`External Secrets ${options.version}`, `does not know ${unknown}`)
  const bad = [options.namespace, ...place.namespaces].find((one) => !LABEL.test(one))
  if (bad !== undefined) return refuse(`the namespace ${show(bad)}`, 'is no DNS label')
  if (options.caSecret !== undefined && !NAME.test(options.caSecret))
    return refuse(`the name ${show(options.caSecret)}`, 'is no name of a Secret')
  const host = originOf(place.host)
  if (host === undefined) return refuse(`the address ${show(place.host)}`, 'is no https:// origin')
  const { namespace } = options
  const selector = (key: string) => ({ name: IDENTITY_SECRET, namespace, key })
  const known = (field: EsoSchema['scope'][number]) => schema.value.scope.includes(field)
  const manifest = {
    apiVersion: schema.value.apiVersion,
    kind: 'ClusterSecretStore',
    metadata: { name: 'infisical' },
    spec: {
      conditions: [{ namespaces: [...place.namespaces] }],
      provider: {
        infisical: {
          hostAPI: host,
          auth: {
            universalAuthCredentials: {
              clientId: selector('clientId'),
              clientSecret: selector('clientSecret'),
            },
          },
          secretsScope: {
            projectSlug: place.project,
            environmentSlug: place.environment,
            secretsPath: place.path,
            ...(known('recursive') && { recursive: options.recursive }),
            ...(known('expandSecretReferences') && { expandSecretReferences: true }),
            ...(options.organization !== undefined && { organizationSlug: options.organization }),
          },
          ...(options.caSecret !== undefined && {
            caProvider: { type: 'Secret', name: options.caSecret, key: 'ca.crt', namespace },
          }),
        },
      },
    },
  }
  return ok(stringify(manifest))
}

function unknownOption(schema: EsoSchema, options: StoreOptions): string | undefined {
  if (options.recursive && !schema.scope.includes('recursive')) return 'recursive (since 0.10.5)'
  if (options.organization !== undefined && !schema.scope.includes('organizationSlug'))
    return 'organizationSlug (since 2.7.0)'
  return options.caSecret !== undefined && !schema.ca ? 'caProvider (since 1.2.1)' : undefined
}

/** Safe in every version: before 0.18.2 `…/api/` was doubled. */
function originOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.protocol === 'https:' && url.username === '' ? url.origin : undefined
}

interface ExternalSecretOptions {
  version: string
  name: string
  namespace: string
  keys: readonly string[]
  refresh: string
}

/** ExternalSecret with one entry per key. That the keys exist is the caller's matter. Failure: castle-data. */
export function externalSecret(options: ExternalSecretOptions): Result<string> {
  const { name, namespace, keys, refresh, version } = options
  const schema = schemaOf(version)
  if (!schema.ok) return schema
  if (!NAME.test(name)) return refuse(`the name ${show(name)}`, 'is no name of a Secret')
  if (!LABEL.test(namespace)) return refuse(`the namespace ${show(namespace)}`, 'is no DNS label')
  if (!/^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$|^0$/.test(refresh))
    return refuse(`the interval ${show(refresh)}`, 'is no duration, as 1h or 30m')
  const bad = keys.find((key) => keyProblem(key, version) !== undefined)
  if (bad !== undefined) return refuse(`the key ${show(bad)}`, keyProblem(bad, version) ?? '')
  return ok(
    stringify({
      apiVersion: schema.value.apiVersion,
      kind: 'ExternalSecret',
      metadata: { name, namespace },
      spec: {
        refreshInterval: refresh,
        secretStoreRef: { kind: 'ClusterSecretStore', name: 'infisical' },
        target: { name },
        data: keys.map((key) => ({ secretKey: key, remoteRef: { key } })),
      },
    }),
  )
}

function keyProblem(key: string, version: string): string | undefined {
  if (/^[-._a-zA-Z0-9]{1,253}$/.test(key)) return undefined
  const parsed = parseVersion(version)
  return key.includes('/') && parsed !== undefined && !atLeast(parsed, 0, 17, 0)
    ? 'has a path, which External Secrets reads only since 0.17.0'
    : 'can not be a key of a Secret: letters, digits, ".", "_" and "-"'
}

/**
 * The Secret with the machine identity, which External Secrets logs in with. The values stay bytes; the caller wipes
 * the result. Failure: bad-value (not UTF-8).
 */
export function identitySecret(namespace: string, id: Buffer, secret: Buffer): Result<Buffer> {
  if (!LABEL.test(namespace)) return refuse(`the namespace ${show(namespace)}`, 'is no DNS label')
  const values = render('yaml', [
    ['clientId', id],
    ['clientSecret', secret],
  ])
  if (!values.ok) return values
  const head = stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: IDENTITY_SECRET, namespace },
    type: 'Opaque',
  })
  return ok(joinAndWipe([Buffer.from(`${head}stringData:\n`), indented(values.value)]))
}

/** Every value is on one line of its own: YAML's double quotes escape newlines. */
function indented(lines: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf(0x0a, at) + 1 || lines.length
    pieces.push(Buffer.from('  '), Buffer.from(lines.subarray(at, end)))
    at = end
  }
  lines.fill(0)
  return joinAndWipe(pieces)
}

/**
 * The key as a patch of the machine config, in the form of a version of Talos: a field up to 1.13, a document from 1.14
 * on, whose key is called `key2` because that name is a part of every value that Talos' own key has written. The caller
 * wipes the result.
 */
export function talosPatch(key: Buffer, generation: Generation): Buffer {
  const [before, after] = generation === 'documents' ? DOCUMENT : FIELD
  return joinAndWipe([Buffer.from(before), Buffer.from(key), Buffer.from(after)])
}

const FIELD = ['cluster:\n  secretboxEncryptionSecret: "', '"\n'] as const
const DOCUMENT = [
  `apiVersion: v1alpha1
kind: KubeEtcdEncryptionConfig
config:
  resources:
    - resources: [secrets]
      providers:
        - secretbox:
            keys:
              - name: key2
                secret: "`,
  '"\n',
] as const

/** The same for Terraform, below the config and so for every version: with a reference instead of the value. */
export const TALOS_SECRETS_HCL = `merge(talos_machine_secrets.this.machine_secrets, {
  secrets = merge(talos_machine_secrets.this.machine_secrets.secrets, {
    secretbox_encryption_secret = var.talos_secretbox_key
  })
})
`

function refuse(what: string, why: string): Result<never> {
  return err({ reason: 'castle-data', what, why })
}
