import { isCollection, isMap, isScalar, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { nearest } from '../../core/text/nearest.ts'
import { show } from '../../core/text/show.ts'

/** One thing in a manifest that its CRD does not allow, or that fails later. Lines and columns count from 1. */
interface ManifestProblem {
  line: number
  column: number
  path: string
  message: string
  help: string
}

export interface CheckedManifest {
  kind: string
  name: string
  line: number
  problems: ManifestProblem[]
}

interface Schema {
  type?: string
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  required?: string[]
  enum?: unknown[]
  pattern?: string
  minLength?: number
  maxLength?: number
  minItems?: number
  minProperties?: number
  maxProperties?: number
  nullable?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-int-or-string'?: boolean
}

interface CrdVersion {
  name: string
  served: boolean
  schema: Schema
}

/** The resources of the group external-secrets.io in a CRD file, by kind; text says why there are none. */
export function readCrds(text: string): Map<string, CrdVersion[]> | string {
  const crds = new Map<string, CrdVersion[]>()
  for (const document of documents(text)) {
    if (document.errors.length > 0) return 'is no YAML'
    const crd = document.toJS({ maxAliasCount: 100 }) as Record<string, unknown> | null
    const items = crd?.kind === 'List' && Array.isArray(crd.items) ? (crd.items as unknown[]) : [crd]
    for (const one of items) addCrd(one, crds)
  }
  return crds.size > 0 ? crds : 'holds no CustomResourceDefinition of external-secrets.io'
}

function documents(text: string) {
  const parsed = parseAllDocuments(text.replace(/^\uFEFF/, ''), { logLevel: 'silent', uniqueKeys: false })
  return Array.isArray(parsed) ? parsed : []
}

function addCrd(value: unknown, crds: Map<string, CrdVersion[]>): void {
  const crd = (value ?? {}) as {
    kind?: unknown
    spec?: { group?: unknown; names?: { kind?: unknown }; versions?: unknown }
  }
  if (crd.kind !== 'CustomResourceDefinition' || crd.spec?.group !== 'external-secrets.io') return
  const kind = crd.spec.names?.kind
  if (typeof kind !== 'string' || !Array.isArray(crd.spec.versions)) return
  const versions = (
    crd.spec.versions as { name?: unknown; served?: unknown; schema?: { openAPIV3Schema?: Schema } }[]
  ).map(({ name, served, schema }) => ({
    name: String(name),
    served: served === true,
    schema: schema?.openAPIV3Schema ?? {},
  }))
  crds.set(kind, versions)
}

/** Checks every manifest of the group in a text. Undefined: there is none. */
export function checkManifests(text: string, crds: ReadonlyMap<string, CrdVersion[]>): CheckedManifest[] {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false, lineCounter: lines })
  const all = Array.isArray(parsed) ? parsed : []
  return all.flatMap((document): CheckedManifest[] => {
    const at = (path: readonly (string | number)[], key = false) => place(document.contents, path, key, lines)
    const [error] = document.errors
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0])
      const problem = { line, column: col, path: '', message: 'this is no YAML', help: 'mend it first' }
      return [{ kind: '?', name: '?', line, problems: [problem] }]
    }
    const manifest = document.toJS({ maxAliasCount: 100 }) as Record<string, unknown> | null
    const [group, version = ''] = String(manifest?.apiVersion ?? '').split('/')
    if (group !== 'external-secrets.io' || manifest === null) return []
    const kind = String(manifest.kind)
    const name = String((manifest.metadata as { name?: unknown } | undefined)?.name ?? '?')
    const check = new Check(at)
    check.versioned(kind, version, manifest, crds.get(kind))
    return [{ kind, name, line: at([]).line, problems: check.problems }]
  })
}

type Path = readonly (string | number)[]
type Place = (path: Path, key?: boolean) => { line: number; column: number }

class Check {
  readonly problems: ManifestProblem[] = []
  readonly #at: Place

  constructor(at: Place) {
    this.#at = at
  }

  versioned(kind: string, version: string, manifest: Record<string, unknown>, versions?: CrdVersion[]): void {
    if (versions === undefined) {
      this.#say(['kind'], `the CRD file has no ${kind}`, 'give the CRDs of the installed version')
      return
    }
    const found = versions.find((one) => one.name === version)
    const served = versions.filter((one) => one.served).map((one) => one.name)
    if (found?.served !== true)
      this.#say(
        ['apiVersion'],
        `external-secrets.io/${version} is ${found === undefined ? 'not in this CRD' : 'not served any more'}`,
        `write external-secrets.io/${served.at(-1) ?? '?'}`,
      )
    const schema = found?.schema ?? versions.find((one) => one.served)?.schema ?? {}
    for (const [name, inner] of Object.entries(schema.properties ?? {}))
      if (!['apiVersion', 'kind', 'metadata'].includes(name) && manifest[name] !== undefined)
        this.#value(inner, manifest[name], [name])
    for (const name of Object.keys(manifest))
      if (!['apiVersion', 'kind', 'metadata', ...Object.keys(schema.properties ?? {})].includes(name))
        this.#say([name], `${show(name)} is no field of ${kind}`, 'remove it', true)
    for (const name of schema.required ?? [])
      if (manifest[name] === undefined) this.#say([], `${name} is missing`, `add ${name}`)
    this.#meaning(kind, manifest)
  }

  #value(schema: Schema, value: unknown, path: Path): void {
    if (value === null || value === undefined) {
      if (schema.nullable !== true) this.#say(path, 'it is empty', 'give it a value or remove it')
      return
    }
    if (schema['x-kubernetes-int-or-string'] && ['string', 'number'].includes(typeof value)) return
    const wrong = wrongType(schema.type, value)
    if (wrong !== undefined) {
      this.#say(path, wrong, 'write the right kind of value')
      return
    }
    if (schema.enum !== undefined && !schema.enum.includes(value))
      this.#say(path, `${show(String(value))} is not allowed`, `one of ${schema.enum.join(', ')}`)
    if (typeof value === 'string') this.#text(schema, value, path)
    if (Array.isArray(value)) {
      if (value.length < (schema.minItems ?? 0))
        this.#say(path, 'too few entries', `at least ${schema.minItems}`)
      value.forEach((item, i) => {
        if (schema.items) this.#value(schema.items, item, [...path, i])
      })
    } else if (typeof value === 'object') this.#object(schema, value as Record<string, unknown>, path)
  }

  #text(schema: Schema, value: string, path: Path): void {
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema
    const length = [...value].length
    if (length < minLength) this.#say(path, 'it is too short', `at least ${minLength} characters`)
    if (length > maxLength) this.#say(path, 'it is too long', `at most ${maxLength} characters`)
    if (pattern !== undefined && !matches(pattern, value))
      this.#say(path, 'it has a wrong form', `as ${pattern}`)
  }

  #object(schema: Schema, value: Record<string, unknown>, path: Path): void {
    const { properties = {}, additionalProperties } = schema
    const names = Object.keys(value)
    for (const name of schema.required ?? [])
      if (value[name] === undefined) this.#say(path, `${name} is missing`, `add ${name}`)
    if (names.length < (schema.minProperties ?? 0) || names.length > (schema.maxProperties ?? names.length))
      this.#say(
        path,
        'a wrong number of fields',
        `${schema.minProperties ?? 0} to ${schema.maxProperties ?? 'any'}`,
      )
    for (const name of names) {
      const inner = properties[name]
      if (inner !== undefined) this.#value(inner, value[name], [...path, name])
      else if (typeof additionalProperties === 'object')
        this.#value(additionalProperties, value[name], [...path, name])
      else if (additionalProperties !== true && schema['x-kubernetes-preserve-unknown-fields'] !== true)
        this.#unknown(name, Object.keys(properties), path)
    }
  }

  #unknown(name: string, known: readonly string[], path: Path): void {
    if (name === 'universalAuth' && known.includes('universalAuthCredentials')) {
      this.#say(
        [...path, name],
        "universalAuth is a field of Infisical's own operator. Here it is dropped, auth stays empty, and the store fails with InvalidProviderConfig",
        'write universalAuthCredentials with clientId and clientSecret',
        true,
      )
      return
    }
    const right = nearest(name, known)
    const help =
      right === undefined ? `known here: ${known.slice(0, 12).join(', ')}` : `did you mean ${right}?`
    this.#say([...path, name], `${show(name)} is not known in this version, and would be dropped`, help, true)
  }

  /** What no schema says. */
  #meaning(kind: string, manifest: Record<string, unknown>): void {
    const infisical = dig(manifest, ['spec', 'provider', 'infisical'])
    if (infisical === undefined) return
    const base = ['spec', 'provider', 'infisical']
    const own = dig(manifest, ['metadata', 'namespace'])
    const host = (infisical as { hostAPI?: unknown }).hostAPI
    if (typeof host === 'string' && host.endsWith('/api/'))
      this.#say([...base, 'hostAPI'], 'this becomes …/api/api/ before 0.18.2', 'write only the origin')
    for (const field of ['clientId', 'clientSecret']) {
      const path = [...base, 'auth', 'universalAuthCredentials', field]
      const selector = dig(manifest, path) as { namespace?: unknown; key?: unknown } | undefined
      if (selector === undefined || selector === null || typeof selector !== 'object') continue
      const { namespace } = selector
      if (kind === 'ClusterSecretStore' && namespace === undefined)
        this.#say(path, 'a cluster-wide store has no namespace of its own to look in', 'add namespace')
      if (kind === 'SecretStore' && typeof namespace === 'string' && namespace !== (own ?? namespace))
        this.#say(
          path,
          `a SecretStore may not read from the namespace ${show(namespace)}`,
          'remove namespace',
        )
      if (selector.key === undefined || selector.key === '')
        this.#say(path, 'key is missing', 'say which key of the Secret it is')
    }
  }

  #say(path: Path, message: string, help: string, key = false): void {
    const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
    this.problems.push({ ...this.#at(path, key), path: where.replace(/^\./, ''), message, help })
  }
}

function wrongType(type: string | undefined, value: unknown): string | undefined {
  const is = Array.isArray(value) ? 'array' : typeof value
  const fits =
    type === undefined ||
    type === is ||
    (type === 'integer' && Number.isInteger(value)) ||
    (type === 'number' && is === 'number')
  return fits ? undefined : `it must be ${type}, and is ${is}`
}

/** Patterns of a CRD are Go's; one that JavaScript does not know is not held against the manifest. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    return true
  }
}

function dig(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const step of path) {
    if (at === null || typeof at !== 'object') return undefined
    at = (at as Record<string, unknown>)[step]
  }
  return at
}

/** Where a value, or the key that leads to it, stands; the nearest thing around it when it is not there. */
function place(
  root: unknown,
  path: Path,
  key: boolean,
  lines: LineCounter,
): { line: number; column: number } {
  let node = root as Node | null
  let offset = node?.range?.[0] ?? 0
  for (const [i, step] of path.entries()) {
    if (!isCollection(node)) break
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step)
      if (pair === undefined) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value as Node | null
      if (key && i === path.length - 1) break
    } else node = (node.items[Number(step)] ?? null) as Node | null
    offset = key && i === path.length - 1 ? offset : (node?.range?.[0] ?? offset)
  }
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}
