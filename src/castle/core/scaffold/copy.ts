import { type TextEdit, withEdits } from '../../../core/text/edits.ts'
import { type HclExpr, type HclFile, literal } from '../hcl.ts'
import { hclString } from '../hcl-text.ts'
import { type CastleRecord, formatRecord, nextKeyName, RECORD_NAME } from '../record.ts'
import { isSecretsFile } from '../terraform-files.ts'
import type { Topology } from '../topology.ts'
import { type ScaffoldFile, scaffold } from './files.ts'
import { backendFile } from './project.ts'
import { castleReadme } from './readme.ts'

/** A castle as far as a copy of it depends on it. */
interface CastleIdentity {
  record: CastleRecord
  topology: Topology
}

/** A file of the castle that is copied; `link`: it is a symbolic link to that. */
export interface OriginalFile {
  path: string
  content: Buffer
  link?: string | undefined
}

/** Files that belong to one life of one castle on one machine: a copy begins without. */
export function isLocal(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (
    /^configs\//.test(path) ||
    /^(kubeconfig|talosconfig|tfplan|plan\.out|errored\.tfstate|rotation\.auto\.tfvars\.json)$/.test(name)
  )
    return true
  return /\.tfstate(\..*)?$|\.(tfplan|plan|kubeconfig)$|^crash\.|\.lock\.info$/.test(name)
}

/**
 * The files of a copy: every file of the original byte for byte, but for what makes a castle itself. In
 * terraform.tfvars the values of the topology are replaced where they stand, so that comments, further variables and
 * further attributes of a node stay; in tazpod.yaml the names of secrets and folders. `read` is the parser of HCL.
 */
export function copiedFiles(
  originals: readonly OriginalFile[],
  from: CastleIdentity,
  to: CastleIdentity,
  read: (text: string) => HclFile,
): ScaffoldFile[] {
  const own: Record<string, (text: string) => string> = {
    'terraform.tfvars': (text) =>
      withNames(withTopology(text, read(text), from.topology, to.topology), from, to),
    'tazpod.yaml': (text) => withNames(text, from, to),
    'README.md': (text) =>
      text === castleReadme(from.record, from.topology)
        ? castleReadme(to.record, to.topology)
        : withNames(text, from, to),
    'castle.tfbackend': () => backendFile(to.record),
    [RECORD_NAME]: () => formatRecord(to.record).toString(),
  }
  const copies = originals
    .filter(({ path }) => !isLocal(path))
    .map(({ path, content, link }): ScaffoldFile => {
      if (link !== undefined) return { path, content: link, link: true }
      if (isSecretsFile(path)) return { path, content: '', private: true }
      const change = own[path]
      return { path, content: change === undefined ? content : change(content.toString('utf8')) }
    })
  // What must not be committed is ignored before it exists.
  return copies.sort((a, b) => Number(b.path === '.gitignore') - Number(a.path === '.gitignore'))
}

function withTopology(text: string, file: HclFile, from: Topology, to: Topology): string {
  const edits: TextEdit[] = []
  for (const { name, value } of file.body.attributes) {
    if (name === 'nodes') edits.push(...nodeEdits(value, to))
    else if (
      name in to &&
      JSON.stringify(from[name as keyof Topology]) !== JSON.stringify(to[name as keyof Topology])
    )
      edits.push({
        start: value.span.start,
        end: value.span.end,
        text: valueText(to[name as keyof Topology]),
      })
  }
  return withEdits(
    text,
    edits.sort((a, b) => b.start - a.start),
  ).text
}

/** Nodes of a copy are in the order of the original's. */
function nodeEdits(nodes: HclExpr, to: Topology): TextEdit[] {
  if (nodes.kind !== 'object') return []
  const fresh = Object.entries(to.nodes)
  return nodes.items.flatMap(({ key, value }, index): TextEdit[] => {
    const [name, node] = fresh[index] ?? []
    if (name === undefined || node === undefined || value.kind !== 'object') return []
    const at = ({ span }: HclExpr, text: string): TextEdit => ({ start: span.start, end: span.end, text })
    const inside = value.items.flatMap(({ key: field, value: now }): TextEdit[] => {
      const what = field.kind === 'ref' ? field.path[0] : literal(field)
      if (what === 'ip') return [at(now, hclString(node.ip))]
      return what === 'vm_id' ? [at(now, String(node.vm_id))] : []
    })
    return [at(key, hclString(name)), ...inside]
  })
}

function valueText(value: Topology[keyof Topology]): string {
  if (Array.isArray(value)) return `[${value.map(hclString).join(', ')}]`
  return typeof value === 'string' ? hclString(value) : String(value)
}

/** Names of secrets and folders of one castle as those of another; a name inside of a longer one stays. */
function withNames(text: string, from: CastleIdentity, to: CastleIdentity): string {
  const pairs = [
    ...Object.entries(from.record.secrets).map(
      ([what, name]) => [name, to.record.secrets[what as keyof CastleRecord['secrets']]] as const,
    ),
    [nextKeyName(from.record), nextKeyName(to.record)] as const,
  ]
  const folders = (['infisical_apps_path', 'infisical_path', 'gitops_path'] as const).flatMap((name) => {
    const [old, fresh] = [from.topology[name], to.topology[name]]
    return old === undefined || fresh === undefined ? [] : [[old, fresh] as const]
  })
  return [...pairs, ...folders].reduce(
    (now, [old, fresh]) => now.replace(new RegExp(`(?<![\\w/])${escaped(old)}(?![\\w-])`, 'g'), () => fresh),
    text,
  )
}

/** Lines of a copy that still have the original's name, an address or a VM id of it: for a person to look at. */
export function leftovers(
  files: readonly ScaffoldFile[],
  from: CastleIdentity,
  to: CastleIdentity,
): string[] {
  const { castle_name: name, cluster_endpoint: endpoint, nodes } = from.topology
  const kept = new Set([
    to.topology.cluster_endpoint,
    ...Object.values(to.topology.nodes).map(({ ip }) => ip),
  ])
  const addresses = [endpoint, ...Object.values(nodes).map(({ ip }) => ip)].filter((ip) => !kept.has(ip))
  // The scaffold's own words are nobody's: a castle may be called `one`.
  const own = new Set(
    scaffold(to.record, to.topology).flatMap(({ content }) => content.toString('utf8').split('\n')),
  )
  const words = [name, ...addresses].map(escaped).join('|')
  const pattern = new RegExp(`(?<![\\w.])(${words})(?![\\w.]|-(?=\\d*[a-z]))`)
  return files
    .filter(({ link }) => !link)
    .flatMap(({ path, content }) =>
      content
        .toString('utf8')
        .split('\n')
        .flatMap((line, index) => {
          const found = own.has(line) ? undefined : pattern.exec(line)?.[1]
          return found === undefined ? [] : [`${path}:${index + 1} still has ${found}`]
        }),
    )
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
