import type { SecretRule } from '../grant/model.ts'
import type { ProviderSettings } from '../provider/definition.ts'
import type { InfisicalConfig } from '../provider/infisical/config.ts'
import { definitionOf, PROVIDER_NAMES, type ProviderName } from '../provider/registry.ts'
import { yamlWord } from '../text/yaml-word.ts'

export interface TemplateInput {
  provider: ProviderName
  /** The project's own vault, relative to its folder; absent: the user's vault. */
  vault?: string
  infisical?: InfisicalConfig
  secrets: readonly SecretRule[]
}

/**
 * The `tazpod.yaml` that `tazpod init` writes: right as it stands, every further setting shown in a comment, no
 * line of its own longer than 80 columns. Names in the input have passed the checks of the project file.
 */
export function configTemplate(input: TemplateInput): string {
  const source = ['version: 1', provider(input), vault(input)].join('\n')
  const parts = [HEAD, source, section(input), SESSION, secrets(input), BINDS, COMMANDS]
  return parts
    .filter((part) => part !== '')
    .map((part) => `${part.trim()}\n`)
    .join('\n')
}

const HEAD = `# What tazpod hands to which command. Names only: this file is committed.
# Every change of it must be confirmed once with: tazpod trust
`

const SESSION = `
# When tazpod locks itself: after \`idle\` without a command, after \`max\` anyway.
# scope: terminal = only terminals that gave the passphrase may use the session.
# proof: 5m = so long a passphrase counts at its terminal; 0 = ask each time.
# lockOn: [suspend, screen] = also when the machine sleeps, the screen locks.
session: { idle: 30m, max: 12h, scope: user }
`

const BINDS = `
# Files of this project that exist only inside a command (an empty placeholder
# for everybody else). format: tfvars | json | dotenv | yaml | raw; a dotenv has
# for: sh | node | compose | docker | python, which read it differently
# binds:
#   - path: infra/secrets.auto.tfvars
#     format: tfvars
#     values:
#       infisical_client_id: { identity: clientId }
#       proxmox_token: PROXMOX_TOKEN_SECRET
`

const COMMANDS = `
# Without \`commands\` every command gets everything above. With it, a command
# gets exactly what is listed, and "*" stands for every other command.
# commands:
#   terraform: { binds: [infra/secrets.auto.tfvars] }
#   kubectl: { secrets: [KUBECONFIG_CONTENT] }
#   "*": { secrets: [] }
`

const EXAMPLES = `
# Secrets, each a file in memory; \`env\` names the variable with its path.
# \`as: value\` puts the value itself into the variable. Well-known names such as
# KUBECONFIG_CONTENT or TALOSCONFIG_CONTENT need nothing but the name, others
# can borrow a layout: preset: kubectl, talosctl, sops, ssh, aws, docker, …`

function provider({ provider: name }: TemplateInput): string {
  return `provider: ${name}  # ${definitionOf(name).comment}`
}

function vault({ vault: path }: TemplateInput): string {
  if (path !== undefined) return `vault: ${yamlWord(path)}  # encrypted, can be committed`
  return '# vault: .tazpod/vault.age  # a vault of this project alone'
}

/** The sections of the provider itself and of those that something is known of. */
function section(input: TemplateInput): string {
  const known: ProviderSettings = { ...input }
  return PROVIDER_NAMES.filter((name) => name === input.provider || known[name] !== undefined)
    .map((name) => definitionOf(name).template(known))
    .join('')
}

function secrets({ secrets: rules }: TemplateInput): string {
  if (rules.length === 0) {
    return `${EXAMPLES}
secrets: []
# secrets:
#   - { name: KUBECONFIG_CONTENT, file: kubeconfig, env: KUBECONFIG }
#   - { name: GITHUB_TOKEN, env: GITHUB_TOKEN, as: value }
`
  }
  return `${EXAMPLES}\nsecrets:\n${rules.map(ruleLine).join('\n')}\n`
}

function ruleLine(rule: SecretRule): string {
  const fields = [
    ['name', rule.name],
    ['file', rule.file],
    ['env', rule.env],
    ['preset', rule.preset],
    ['as', rule.as === 'value' ? 'value' : undefined],
  ].flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${yamlWord(value)}`]))
  const line = `  - { ${fields.join(', ')} }`
  return line.length <= 80 ? line : `  - ${fields.join('\n    ')}`
}
