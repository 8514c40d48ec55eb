import { esoApiVersion } from '../eso-versions.ts'
import {
  attribute,
  attributes,
  expressions,
  type HclExpr,
  keyOf,
  literal,
  type Span,
  textOf,
} from '../hcl.ts'
import { type Finding, finding } from './finding.ts'
import { type LintModule, objects, type SourceFile } from './module.ts'

/** Mistakes that Terraform takes without a word and that cost a cluster, or an evening. */
export function trapFindings(module: LintModule): Finding[] {
  const found = module.code
    .filter(({ linked }) => !linked)
    .flatMap((file) => [...inObjects(file), ...inText(file), ...sops(file)])
  return [...found, ...esoVersions(module)]
}

function inObjects(file: SourceFile): Finding[] {
  const found: Finding[] = []
  for (const { attribute: one } of attributes(file.hcl.body)) {
    for (const { object, path } of objects(one.value)) {
      const keys = new Map(object.items.map((item) => [keyOf(item) ?? '', item]))
      const span = (key: string): Span => keys.get(key)?.key.span ?? object.span
      const say = (...rest: [Finding['rule'], Finding['severity'], Span, string, string, Finding['fix']?]) =>
        found.push(finding(rest[0], rest[1], file.path, rest[2], rest[3], rest[4], rest[5]))
      const here = path.at(-1)
      if (keys.has('certSANs') && here === 'cluster')
        say('talos-cert-sans', 'error', span('certSANs'), 'cluster.certSANs does not exist', SANS)
      if (keys.has('apiServer') && here === 'machine')
        say('talos-cert-sans', 'error', span('apiServer'), 'machine.apiServer does not exist', SANS)
      if (keys.has('secretboxEncryptionSecret') && keys.has('aescbcEncryptionSecret'))
        say(
          'talos-two-keys',
          'error',
          span('aescbcEncryptionSecret'),
          'two etcd encryption keys are given',
          'keep secretboxEncryptionSecret; a key of a living cluster is never replaced',
        )
      const key = keys.get('secretboxEncryptionSecret')?.value
      if (key !== undefined && madeByTerraform(key))
        say(
          'talos-key-by-terraform',
          'error',
          key.span,
          'the key comes out of a random_… resource',
          'make it with tazpod castle secretbox new and use a sensitive variable',
        )
      const dhcp = keys.get('dhcp')?.value
      if (dhcp?.kind === 'bool' && dhcp.value && path.includes('interfaces'))
        say('talos-dhcp', 'warning', dhcp.span, 'the address of a node can change', 'write fixed addresses')
      const auth = keys.get('universalAuth')
      if (auth !== undefined && (here === 'auth' || path.includes('infisical')))
        say('eso-universal-auth', 'error', auth.key.span, AUTH, 'write universalAuthCredentials', {
          kind: 'edit',
          start: auth.key.span.start,
          end: auth.key.span.end,
          text: 'universalAuthCredentials',
        })
      const host = textOf(keys.get('hostAPI')?.value)
      if (host?.endsWith('/api/'))
        say(
          'eso-host-api',
          'error',
          span('hostAPI'),
          '…/api/ becomes /api/api/ before 0.18.2',
          'write only the origin',
        )
      if (textOf(keys.get('kind')?.value) === 'ClusterSecretStore') found.push(...selectors(file, object))
    }
  }
  return found.map((one) => (file.json ? withoutFix(one) : one))
}

const SANS = 'machine.certSANs is for the Talos API, cluster.apiServer.certSANs for the Kubernetes API'
const AUTH = "universalAuth is a field of Infisical's own operator; here it is dropped and the store fails"

function withoutFix({ fix: _, ...rest }: Finding): Finding {
  return rest
}

function madeByTerraform(expr: HclExpr): boolean {
  for (const one of expressions(expr))
    if (one.kind === 'ref' && one.path[0]?.startsWith('random_')) return true
  return false
}

/** Credentials of a ClusterSecretStore: each selector says its namespace. */
function selectors(file: SourceFile, store: HclExpr): Finding[] {
  const found: Finding[] = []
  for (const { object, path } of objects(store)) {
    if (!path.includes('universalAuthCredentials')) continue
    const keys = object.items.map((item) => keyOf(item))
    if (keys.includes('key') && keys.includes('name') && !keys.includes('namespace'))
      found.push(
        finding(
          'eso-namespace',
          'error',
          file.path,
          object.span,
          'a selector of a ClusterSecretStore has no namespace',
          'add namespace: without it the store has nowhere to look',
        ),
      )
  }
  return found
}

/** Manifests and machine configs written as text. */
function inText(file: SourceFile): Finding[] {
  const found: Finding[] = []
  for (const { attribute: one } of attributes(file.hcl.body)) {
    for (const expr of expressions(one.value)) {
      if (expr.kind !== 'string' || !expr.heredoc) continue
      for (const part of expr.parts) {
        if (!('text' in part)) continue
        const match = /^([ \t]*)universalAuth:/m.exec(part.text)
        if (match === null) continue
        const line = part.span.line + part.text.slice(0, match.index).split('\n').length - 1
        const at = { line, column: (match[1]?.length ?? 0) + 1 }
        found.push(
          finding('eso-universal-auth', 'error', file.path, at, AUTH, 'write universalAuthCredentials'),
        )
      }
    }
  }
  return found
}

function sops(file: SourceFile): Finding[] {
  return file.hcl.body.blocks
    .filter(({ type, labels }) => type === 'data' && labels[0] === 'sops_file')
    .map(({ span }) =>
      finding(
        'sops-reference',
        'warning',
        file.path,
        { line: span.line, column: span.column },
        'this reads a SOPS file',
        'tazpod migrate sops --plan',
      ),
    )
}

function esoVersions(module: LintModule): Finding[] {
  return module.values
    .filter(({ linked }) => !linked)
    .flatMap(({ path, hcl }) => {
      const version = attribute(hcl.body, 'eso_version')
      const api = attribute(hcl.body, 'eso_api_version')
      if (version === undefined || api === undefined) return []
      const right = esoApiVersion(String(literal(version)))
      if (right === undefined || right === textOf(api)) return []
      const words = `External Secrets ${String(literal(version))} serves ${right}`
      const fix = {
        kind: 'edit',
        start: api.span.start,
        end: api.span.end,
        text: JSON.stringify(right),
      } as const
      return [finding('eso-version', 'error', path, api.span, words, `write ${right}`, fix)]
    })
}
