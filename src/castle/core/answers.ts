import type { ConfigProblem } from '../../core/failure/failure.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { show } from '../../core/text/show.ts'
import { readYaml } from '../../core/text/yaml.ts'
import { VERSIONS } from './defaults.ts'
import { esoApiVersion } from './eso-versions.ts'
import { host, hostNumber, parseAddress, parseNetwork } from './network.ts'
import type { CastleNode, Topology } from './topology.ts'

/** What a person decides about a castle; everything else follows from it. */
export interface Answers {
  network: string
  firstVmId: string
  controlPlanes: string
  workers: string
  proxmoxEndpoint: string
  proxmoxNode: string
  infisicalHost: string
  infisicalProjectId: string
  infisicalProject: string
  gitopsRepository: string
}

export type AnswerName = keyof Answers

interface Question {
  name: AnswerName
  /** As a flag, and in an answers file. */
  flag: string
  question: string
  fallback?: string
  problem: (value: string) => string | undefined
}

const text = (value: string): string | undefined =>
  value === '' || value.length > 500 || /\p{Cc}/u.test(value) || !value.isWellFormed()
    ? 'must be one line of text, at most 500 characters'
    : undefined
const count = (least: number) => (value: string) =>
  /^\d{1,2}$/.test(value) && Number(value) >= least ? undefined : `must be a number from ${least} to 99`
const origin = (value: string): string | undefined => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol !== 'https:') return 'must be an https:// address'
  return url.username !== '' || url.search !== '' || url.hash !== '' || url.pathname !== '/'
    ? 'must be only scheme, host and port (no path: every version of every client takes that)'
    : undefined
}

/** In the order in which a person is asked. With `--from` only the first two are. */
export const QUESTIONS: readonly Question[] = [
  {
    name: 'network',
    flag: 'network',
    question: 'Network of the nodes (10.0.10.0/24)',
    problem: (value) =>
      parseNetwork(value) ? undefined : 'must be an IPv4 network between /8 and /30, as 10.0.10.0/24',
  },
  {
    name: 'firstVmId',
    flag: 'first-vm-id',
    question: 'First VM id',
    problem: (value) => (/^[1-9]\d{2,8}$/.test(value) ? undefined : 'must be a number from 100 to 999999999'),
  },
  {
    name: 'controlPlanes',
    flag: 'control-planes',
    question: 'Control plane nodes',
    fallback: '3',
    problem: (value) =>
      count(1)(value) ??
      (Number(value) % 2 === 1 ? undefined : 'must be odd: an even number of etcd members survives no more'),
  },
  { name: 'workers', flag: 'workers', question: 'Worker nodes', fallback: '2', problem: count(0) },
  {
    name: 'proxmoxEndpoint',
    flag: 'proxmox-endpoint',
    question: 'Proxmox API (https://pve.lan:8006)',
    problem: origin,
  },
  { name: 'proxmoxNode', flag: 'proxmox-node', question: 'Proxmox node', fallback: 'pve', problem: text },
  {
    name: 'infisicalHost',
    flag: 'infisical-host',
    question: 'Infisical',
    fallback: 'https://app.infisical.com',
    problem: origin,
  },
  {
    name: 'infisicalProjectId',
    flag: 'infisical-project-id',
    question: 'Infisical project id',
    problem: text,
  },
  { name: 'infisicalProject', flag: 'infisical-project', question: 'Infisical project slug', problem: text },
  {
    name: 'gitopsRepository',
    flag: 'gitops-repository',
    question: 'Git repository that Flux follows',
    problem: text,
  },
]

/** What `--from` takes over from another castle, and what it has to ask. */
export const ASKED_FOR_COPY: readonly AnswerName[] = ['network', 'firstVmId']

/** Reads `--answers`: YAML (or JSON) with the flags' names. Failure: config-invalid, with line and column. */
export function readAnswers(bytes: Buffer, file: string): Result<Partial<Answers>> {
  const tree = readYaml(bytes, { maxBytes: 65_536 })
  const problems: ConfigProblem[] = [...tree.problems]
  const answers: Partial<Answers> = {}
  if (tree.value !== null && (typeof tree.value !== 'object' || Array.isArray(tree.value))) {
    problems.push({ line: 1, column: 1, message: 'the file must be a mapping (key: value)' })
  } else if (!tree.broken) {
    for (const [key, value] of Object.entries(tree.value ?? {})) {
      const at = (part: 'key' | 'value') => tree.where([key], part)
      const question = QUESTIONS.find(({ flag }) => flag === key)
      if (question === undefined) {
        const hint = `known here: ${QUESTIONS.map(({ flag }) => flag).join(', ')}`
        problems.push({ ...at('key'), message: `unknown key ${show(key)}`, hint })
      } else if (typeof value !== 'string') {
        problems.push({ ...at('value'), message: `${key} must be text` })
      } else answers[question.name] = value
    }
  }
  return problems.length > 0 ? err({ reason: 'config-invalid', file, problems }) : ok(answers)
}

/** Says what is wrong with the answers, or undefined. */
export function answerProblem(name: AnswerName, value: string): string | undefined {
  const question = QUESTIONS.find((one) => one.name === name)
  const why = question?.problem(value)
  return why === undefined ? undefined : `--${question?.flag} ${show(value)} ${why}`
}

/** The topology that follows from complete answers. Failure: castle-data. */
export function topologyOf(castle: string, answers: Answers): Result<Topology> {
  const nodes = nodesOf(castle, answers)
  if (!nodes.ok) return nodes
  const network = parseNetwork(answers.network)
  const gateway = network && host(network, 1)
  const endpoint = network && host(network, 10)
  if (network === undefined || gateway === undefined || endpoint === undefined)
    return tooSmall(answers.network)
  const version = DEFAULTS.eso_version
  return ok({
    castle_name: castle,
    cluster_endpoint: endpoint,
    nodes: nodes.value,
    network_prefix: network.prefix,
    network_gateway: gateway,
    dns_servers: [gateway],
    proxmox_endpoint: answers.proxmoxEndpoint,
    proxmox_node: answers.proxmoxNode.normalize('NFC'),
    infisical_host: answers.infisicalHost.replace(/\/$/, ''),
    infisical_project_id: answers.infisicalProjectId.normalize('NFC'),
    infisical_project_slug: answers.infisicalProject.normalize('NFC'),
    ...foldersOf(castle),
    apps_namespaces: ['default'],
    gitops_repository: answers.gitopsRepository.normalize('NFC'),
    gitops_path: `./clusters/${castle}`,
    eso_api_version: esoApiVersion(version) ?? 'external-secrets.io/v1',
    ...DEFAULTS,
  })
}

/** What runs in the cluster may read the second one only. */
function foldersOf(castle: string): Pick<Topology, 'infisical_path' | 'infisical_apps_path'> {
  return {
    infisical_path: `/castles/${castle}/infrastructure`,
    infisical_apps_path: `/castles/${castle}/apps`,
  }
}

/** Safe to keep, easy to see and to change in `terraform.tfvars`. */
const DEFAULTS = {
  proxmox_datastore: 'local-lvm',
  proxmox_bridge: 'vmbr0',
  talos_image: `local:import/talos-${VERSIONS.talos}-nocloud-amd64.qcow2`,
  talos_version: VERSIONS.talos,
  kubernetes_version: VERSIONS.kubernetes,
  infisical_environment: 'prod',
  eso_chart_repository: 'https://charts.external-secrets.io',
  eso_version: VERSIONS.externalSecrets,
  flux_chart_repository: 'oci://ghcr.io/fluxcd-community/charts',
  flux_version: VERSIONS.flux,
  gitops_branch: 'main',
} as const

function nodesOf(castle: string, answers: Answers): Result<Record<string, CastleNode>> {
  const network = parseNetwork(answers.network)
  if (network === undefined) return tooSmall(answers.network)
  const nodes: Record<string, CastleNode> = {}
  let vm = Number(answers.firstVmId)
  const add = (role: CastleNode['role'], number: number, first: number): boolean => {
    const ip = host(network, first + number)
    if (ip === undefined) return false
    nodes[`${castle}-${role === 'worker' ? 'worker' : 'cp'}-${number}`] = { role, ip, vm_id: vm++ }
    return true
  }
  const planes = Number(answers.controlPlanes)
  for (let i = 1; i <= planes; i++) if (!add('controlplane', i, 10)) return tooSmall(answers.network)
  for (let i = 1; i <= Number(answers.workers); i++)
    if (!add('worker', i, 10 + planes)) return tooSmall(answers.network)
  return ok(nodes)
}

function tooSmall(network: string): Result<never> {
  return err({
    reason: 'castle-data',
    what: `the network ${show(network)}`,
    why: 'has no room for the gateway (.1), the endpoint (.10) and the nodes (from .11)',
  })
}

/**
 * The topology of a copy: everything of `from`, but in another network, with other VM ids and other names. Host
 * numbers are kept, so that .11 stays .11. Failure: castle-data.
 */
export function copiedTopology(
  castle: string,
  from: Topology,
  answers: Pick<Answers, 'network' | 'firstVmId'>,
): Result<Topology> {
  const network = parseNetwork(answers.network)
  if (network === undefined) return tooSmall(answers.network)
  const moved = (address: string): string => {
    const number = hostNumber(address, from.network_prefix)
    return (number === undefined ? undefined : host(network, number)) ?? ''
  }
  const entries = Object.entries(from.nodes)
  const firstId = Math.min(...entries.map(([, node]) => node.vm_id))
  const nodes = Object.fromEntries(
    entries.map(([name, node]) => [
      renamed(name, from.castle_name, castle),
      { ...node, ip: moved(node.ip), vm_id: Number(answers.firstVmId) + node.vm_id - firstId },
    ]),
  )
  const endpoint = parseAddress(from.cluster_endpoint) === undefined ? '' : moved(from.cluster_endpoint)
  const gateway = moved(from.network_gateway)
  if ([endpoint, gateway, ...Object.values(nodes).map(({ ip }) => ip)].includes(''))
    return tooSmall(answers.network)
  return ok({
    ...from,
    castle_name: castle,
    cluster_endpoint: endpoint,
    nodes,
    network_prefix: network.prefix,
    network_gateway: gateway,
    dns_servers: from.dns_servers.map((dns) => (dns === from.network_gateway ? gateway : dns)),
    ...(from.infisical_apps_path === undefined
      ? { infisical_path: `/castles/${castle}` }
      : foldersOf(castle)),
    gitops_path: `./clusters/${castle}`,
  })
}

/** `blue-cp-1` of blue → `green-cp-1`; a name without the castle's gets the new one in front. */
function renamed(node: string, from: string, to: string): string {
  return node.startsWith(`${from}-`) ? `${to}${node.slice(from.length)}` : `${to}-${node}`
}
