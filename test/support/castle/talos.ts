/**
 * What Talos does with a patch, and what it refuses: the rules of `V1Alpha1ConflictValidate` (siderolabs/talos,
 * pkg/machinery/config/types, v1.14.0-rc.1) as they were read in its source. Talos itself can't run here.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { CHECKOUT } from '../installed.ts'
import { schemaProblems } from './json-schema.ts'

export type TalosDocument = Record<string, unknown>
export const MINORS = [11, 12, 13, 14] as const

const vectors = join(CHECKOUT, 'test/vectors/talos')

/** What `talosctl gen config` writes for a contract. */
export function generated(minor: number, role: string): TalosDocument[] {
  return documents(readFileSync(join(vectors, `generated.v1.${minor}.${role}.yaml`), 'utf8'))
}

export function documents(text: string): TalosDocument[] {
  return parseAllDocuments(text).map((one) => one.toJS() as TalosDocument)
}

/** A strategic merge: documents by kind and name, maps by key, lists appended, all else replaced; `$patch: delete`. */
export function patched(config: TalosDocument[], patch: TalosDocument): TalosDocument[] {
  const same = ({ kind, name }: TalosDocument) => kind === patch.kind && name === patch.name
  if (patch.$patch === 'delete') return config.filter((one) => !same(one))
  return config.some(same)
    ? config.map((one) => (same(one) ? (merged(one, patch) as TalosDocument) : one))
    : [...config, patch]
}

function merged(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b]
  if (!isMap(a) || !isMap(b)) return b
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return Object.fromEntries(
    keys.map((key) => [key, key in b ? (key in a ? merged(a[key], b[key]) : b[key]) : a[key]]),
  )
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** Fields of the first document that a document of this kind refuses beside it. */
const CONFLICTS: Record<string, string[]> = {
  HostnameConfig: ['machine.network.hostname', 'machine.features.stableHostname'],
  ResolverConfig: [
    'machine.network.nameservers',
    'machine.network.searchDomains',
    'machine.network.disableSearchDomain',
  ],
  KubeEtcdEncryptionConfig: ['cluster.secretboxEncryptionSecret', 'cluster.aescbcEncryptionSecret'],
  KubeAPIServerConfig: ['cluster.apiServer'],
  KubeAdmissionControlConfig: ['cluster.apiServer.admissionControl'],
  KubeAuditPolicyConfig: ['cluster.apiServer.auditPolicy'],
  KubeAuthorizerConfig: ['cluster.apiServer.authorizationConfig'],
  KubeAPIServerCAConfig: ['cluster.ca', 'cluster.acceptedCAs'],
  KubeAggregatorCAConfig: ['cluster.aggregatorCA'],
  KubeControllerManagerConfig: ['cluster.controllerManager'],
  KubeSchedulerConfig: ['cluster.scheduler'],
  KubeServiceAccountConfig: ['cluster.serviceAccount'],
  KubeCoreDNSConfig: ['cluster.coreDNS'],
  KubeProxyConfig: ['cluster.proxy'],
  KubeletConfig: ['machine.kubelet'],
  KubeNodeConfig: ['machine.nodeLabels', 'machine.nodeTaints', 'machine.nodeAnnotations'],
  KubePrismConfig: ['machine.features.kubePrism'],
}

interface Schemas {
  kinds: Record<string, string>
  $defs: Record<string, Parameters<typeof schemaProblems>[1]>
}

/** Everything that Talos of this minor would refuse about a config. */
export function talosProblems(minor: number, config: readonly TalosDocument[]): string[] {
  const schemas = JSON.parse(readFileSync(join(vectors, `schema.v1.${minor}.json`), 'utf8')) as Schemas
  const first = config.find(({ kind }) => kind === undefined) ?? {}
  const problems = config.flatMap(({ persist: _, ...one }) => {
    // Talos itself writes `persist`, which is deprecated and not in its schemas.
    const kind = String(one.kind ?? '')
    const name = schemas.kinds[kind]
    const schema = name === undefined ? undefined : schemas.$defs[name]
    return schema === undefined
      ? [`1.${minor} knows no ${kind}`]
      : schemaProblems(one, schema, schemas.$defs, kind)
  })
  for (const { kind, name, auto, hostname } of config) {
    for (const path of CONFLICTS[String(kind)] ?? [])
      if (at(first, path) !== undefined) problems.push(`${kind}: ${path} is already set in v1alpha1 config`)
    if (kind === 'HostnameConfig' && auto !== 'off' && auto !== undefined && hostname !== undefined)
      problems.push("HostnameConfig: 'auto' and 'hostname' cannot be set at the same time")
    if (config.filter((other) => other.kind === kind && other.name === name).length > 1)
      problems.push(`${kind} ${name ?? ''} is there twice`)
  }
  if (at(first, 'machine.network.hostname') !== undefined && config.some(({ kind }) => kind === 'LinkConfig'))
    problems.push('the network is said twice')
  return problems
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((now, step) => (isMap(now) ? now[step] : undefined), value)
}
