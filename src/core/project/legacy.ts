import type { ConfigProblem } from '../failure/failure.ts'
import { envNameProblem } from '../grant/env-name.ts'
import type { SecretRule } from '../grant/model.ts'
import { isInfisicalFolder, isInfisicalName } from '../provider/infisical/names.ts'
import type { Result } from '../result.ts'
import { err, ok } from '../result.ts'
import { isSecretName } from '../text/secret-name.ts'
import { show } from '../text/show.ts'
import type { YamlTree } from '../text/yaml.ts'
import { readYaml } from '../text/yaml.ts'

/** What the original TazPod's `secrets.yml` (or `secrets-sync-config.yml`) says, as far as it still has a meaning. */
export interface LegacySecrets {
  secrets: SecretRule[]
  /** Id of the Infisical project, environment and folder; absent where the file is silent. */
  project?: string
  environment?: string
  paths: string[]
  /** Address of the server: for the identity in the vault, never for a project file. */
  host?: string
  /** What was left out, and why: one line each. */
  notes: string[]
}

const LEGACY_BYTES = 256 * 1024

/**
 * Reads the original's mapping: `config.{infisical_project_id, infisical_url, infisical_env, infisical_path,
 * infisical_domain}` and `secrets[]: {name, file, env, path}`. A variable that a project may not set is left out with
 * a note. Fails with `config-invalid` where the file is not such a mapping. `file` is its name for messages.
 */
export function parseLegacySecrets(bytes: string | Uint8Array, file: string): Result<LegacySecrets> {
  const tree = readYaml(bytes, { maxBytes: LEGACY_BYTES })
  const problems = [...tree.problems]
  const data = tree.broken ? undefined : record(tree.value)
  if (data === undefined && problems.length === 0) {
    problems.push({
      line: 1,
      column: 1,
      message: 'this is not a secrets.yml of the original TazPod',
      hint: 'it has secrets:',
    })
  }
  const legacy: LegacySecrets = { secrets: [], paths: [], notes: [] }
  readSettings(record(data?.config), legacy)
  const items = data?.secrets ?? []
  if (!Array.isArray(items))
    problems.push({ ...tree.where(['secrets'], 'value'), message: 'secrets must be a list' })
  else for (const [index, item] of items.entries()) readRule(item, index, legacy, tree, problems)
  return problems.length > 0 ? err({ reason: 'config-invalid', file, problems }) : ok(legacy)
}

function readSettings(config: Record<string, unknown> | undefined, legacy: LegacySecrets): void {
  const project = word(config?.infisical_project_id)
  const environment = word(config?.infisical_env)
  const host = word(config?.infisical_url) ?? word(config?.infisical_domain)
  if (project !== undefined && isInfisicalName(project)) legacy.project = project
  else if (project !== undefined) legacy.notes.push(`infisical_project_id ${show(project)} was left out`)
  if (environment !== undefined && isInfisicalName(environment)) legacy.environment = environment
  else if (environment !== undefined) legacy.notes.push(`infisical_env ${show(environment)} was left out`)
  if (host !== undefined) {
    legacy.host = host
    legacy.notes.push(`the server ${show(host)} was left out: it belongs to the identity in the vault`)
  }
  readFolder(word(config?.infisical_path), legacy)
}

function readFolder(path: string | undefined, legacy: LegacySecrets): void {
  if (path === undefined || legacy.paths.includes(path)) return
  if (isInfisicalFolder(path)) legacy.paths.push(path)
  else legacy.notes.push(`the folder ${show(path)} was left out`)
}

function readRule(
  item: unknown,
  index: number,
  legacy: LegacySecrets,
  tree: YamlTree,
  problems: ConfigProblem[],
): void {
  const fields = record(item)
  const name = word(fields?.name)
  const at = tree.where(['secrets', index], 'value')
  if (fields === undefined || name === undefined) {
    problems.push({ ...at, message: 'an entry of secrets: needs a name' })
    return
  }
  if (!isSecretName(name)) {
    legacy.notes.push(`line ${at.line}: ${show(name)} was left out: it is not a name of a secret`)
    return
  }
  if (legacy.secrets.some((rule) => rule.name === name)) {
    legacy.notes.push(`line ${at.line}: ${name} was left out: it is there twice`)
    return
  }
  readFolder(word(fields.path), legacy)
  legacy.secrets.push(ruleOf(name, word(fields.file), word(fields.env), legacy, at.line))
}

function ruleOf(
  name: string,
  file: string | undefined,
  env: string | undefined,
  legacy: LegacySecrets,
  line: number,
): SecretRule {
  const rule: SecretRule = { name, as: 'file' }
  // The original wrote into one folder; here each secret has its own, so only the last component is left.
  const base = file?.split('/').at(-1)
  const others = legacy.secrets
  if (base !== undefined && /^[A-Za-z0-9._-]{1,255}$/.test(base) && base !== '.' && base !== '..') {
    if (others.some((other) => other.file === base))
      legacy.notes.push(`line ${line}: the file of ${name} is taken already`)
    else rule.file = base
  } else if (file !== undefined)
    legacy.notes.push(`line ${line}: the file name ${show(file)} of ${name} was left out`)
  const why = env === undefined ? undefined : envNameProblem(env)
  if (env === undefined) return rule
  if (why !== undefined) legacy.notes.push(`line ${line}: ${show(env)} of ${name} was left out: it ${why}`)
  else if (others.some((other) => other.env === env))
    legacy.notes.push(`line ${line}: ${env} of ${name} is taken already`)
  else rule.env = env
  return rule
}

function record(value: unknown): Record<string, unknown> | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  return value as Record<string, unknown>
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
