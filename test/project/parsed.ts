/** What the tests of tazpod.yaml share: the file that the design shows, and what reading it says. */
import { failureText } from '../../src/core/failure/words.ts'
import { parseConfig } from '../../src/core/project/read.ts'

export const DESIGN = `version: 1
provider: infisical                # or: vault
vault: .tazpod/vault.age           # optional
infisical: { project: tazlab-k8s, environment: prod, paths: [/, /terraform] }
session: { idle: 30m, max: 12h, scope: user }        # scope: user | terminal
secrets:
  - { name: KUBECONFIG_CONTENT, file: kubeconfig, env: KUBECONFIG }
  - { name: TALOSCONFIG_CONTENT, file: talosconfig, env: TALOSCONFIG }
  - { name: GITHUB_TOKEN, env: GITHUB_TOKEN, as: value }
binds:
  - path: infra/secrets.auto.tfvars
    format: tfvars
    values:
      infisical_client_id: { identity: clientId }
      infisical_client_secret: { identity: clientSecret }
      proxmox_token: PROXMOX_TOKEN_SECRET
commands:
  terraform: { secrets: [], binds: [infra/secrets.auto.tfvars] }
  talosctl:  { secrets: [TALOSCONFIG_CONTENT] }
  "*":       { secrets: [] }
`

/** Folders of Infisical as a list of plain paths means them. */
export function folders(paths: readonly string[]) {
  return { paths: paths.map((path) => ({ path, recursive: false })) }
}

/** `line:column message (hint)` of every problem. */
export function problems(text: string | Uint8Array): string[] {
  const result = parseConfig(text, 'tazpod.yaml')
  if (result.ok) return []
  if (result.error.reason !== 'config-invalid') throw new Error(result.error.reason)
  return result.error.problems.map((p) => `${p.line}:${p.column} ${p.message}${p.hint ? ` (${p.hint})` : ''}`)
}

export function config(text: string) {
  const result = parseConfig(text, 'tazpod.yaml')
  if (!result.ok) throw new Error(failureText(result.error).message)
  return result.value
}
