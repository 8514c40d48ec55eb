import { attribute, attributes, keyOf, literal, type Span } from '../hcl.ts'
import { generationOf, versionProblems } from '../talos-versions.ts'
import { type Finding, finding } from './finding.ts'
import { declared, type LintModule, objects } from './module.ts'

/** Where a module says a version: in its values, else as a default. */
function versionIn(module: LintModule, name: string): { text: string; file: string; span: Span } | undefined {
  for (const { path, hcl } of module.values) {
    const value = attribute(hcl.body, name)
    if (value !== undefined) return { text: String(literal(value)), file: path, span: value.span }
  }
  const variable = declared(module).find((one) => one.name === name)
  const fallback = variable && attribute(variable.block.body, 'default')
  return fallback && { text: String(literal(fallback)), file: variable.file.path, span: fallback.span }
}

/** Versions that get no fixes, or do not go together, on a day (ISO 8601); and forms that this Talos refuses. */
export function talosFindings(module: LintModule, today: string): Finding[] {
  const talos = versionIn(module, 'talos_version')
  if (talos === undefined) return []
  const kubernetes = versionIn(module, 'kubernetes_version')
  const found = versionProblems(talos.text, kubernetes?.text ?? '', today)
    .filter((words) => kubernetes !== undefined || !words.includes('Kubernetes'))
    .map((words) =>
      finding(
        'talos-version',
        'warning',
        talos.file,
        talos.span,
        words,
        'docs.siderolabs.com, "Upgrading Talos"',
      ),
    )
  return [...found, ...oldForms(module, talos.text)]
}

interface OldForm {
  /** Keys that lead to it. */
  path: string
  since: 'network' | 'documents'
  now: string
}

/** Fields of the one document that stand beside a generated document of their own (V1Alpha1ConflictValidate). */
const OLD_FORMS: readonly OldForm[] = [
  { path: 'machine.network.hostname', since: 'network', now: 'HostnameConfig with auto: off' },
  { path: 'machine.network.nameservers', since: 'documents', now: 'ResolverConfig' },
  {
    path: 'cluster.secretboxEncryptionSecret',
    since: 'documents',
    now: 'machine_secrets, as castle render talos-patch --hcl writes it',
  },
  { path: 'cluster.aescbcEncryptionSecret', since: 'documents', now: 'KubeEtcdEncryptionConfig' },
  { path: 'cluster.apiServer', since: 'documents', now: 'KubeAPIServerConfig' },
  { path: 'cluster.controllerManager', since: 'documents', now: 'KubeControllerManagerConfig' },
  { path: 'cluster.scheduler', since: 'documents', now: 'KubeSchedulerConfig' },
  { path: 'cluster.coreDNS', since: 'documents', now: 'KubeCoreDNSConfig' },
  { path: 'machine.kubelet', since: 'documents', now: 'KubeletConfig' },
  { path: 'machine.nodeLabels', since: 'documents', now: 'KubeNodeConfig' },
]

function oldForms(module: LintModule, version: string): Finding[] {
  const generation = generationOf(version)
  const refused = OLD_FORMS.filter(
    ({ since }) => generation === 'documents' || (generation === 'network' && since === 'network'),
  )
  if (refused.length === 0) return []
  const found: Finding[] = []
  for (const file of module.code.filter(({ linked }) => !linked)) {
    for (const { attribute: one } of attributes(file.hcl.body)) {
      if (choosesByVersion(one.name)) continue
      for (const { object, path } of objects(one.value))
        for (const item of object.items) {
          const here = [...path, keyOf(item) ?? ''].join('.')
          const form = refused.find((known) => here === known.path || here.endsWith(`.${known.path}`))
          if (form === undefined) continue
          const words = `Talos ${version} refuses ${form.path}: it generates a document for that`
          found.push(finding('talos-old-form', 'error', file.path, item.key.span, words, `write ${form.now}`))
        }
    }
  }
  return found
}

/** The scaffold has the forms of all versions side by side, and takes one of them (talos.tf). */
function choosesByVersion(name: string): boolean {
  return name === 'patches_one' || name === 'api_server'
}
