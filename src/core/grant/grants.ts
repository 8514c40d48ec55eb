import { deliveryOf, variablesOf } from './delivery.ts'
import type { BindRule, CommandRule, ProjectConfig, SecretRule } from './model.ts'
import { bindSource, ruleSource } from './model.ts'
import { commandEnv, PRIVATE_UMASK } from './presets.ts'

/** What one command of a project is granted, resolved to the declared rules. */
export interface Grant {
  /** A command's basename, or `*` for every other one. */
  command: string
  secrets: SecretRule[]
  binds: BindRule[]
  umask?: number
  preset?: string
}

/** One line of the table that `trust`, `pull` and `init` show. Holds names only. */
export interface GrantRow {
  command: string
  /** Secret or identity parts that are handed over; empty: the command gets nothing. */
  what: string[]
  as: 'file' | 'value' | 'bind' | 'nothing'
  /** File under the ghost folder, path in the project, or the variable with the value. */
  where: string
  /** Variables that carry a path. */
  variables: string[]
  /** Octal digits, when the project sets its own. */
  umask?: string
}

/**
 * The grants of a project. Without `commands` every command gets everything that is declared. With it, a listed
 * command gets exactly what is listed, `*` is for every other one, and without `*` the others get nothing.
 */
export function grantsOf(config: ProjectConfig): Grant[] {
  if (config.commands === undefined) return [{ command: '*', secrets: config.secrets, binds: config.binds }]
  const secrets = new Map(config.secrets.map((rule) => [rule.name, rule]))
  const binds = new Map(config.binds.map((rule) => [rule.path, rule]))
  return config.commands.map((rule) => resolve(rule, secrets, binds))
}

/** Every grant of a project as rows, in the order of the file. A command that gets nothing has one row. */
export function grantTable(config: ProjectConfig): GrantRow[] {
  return grantsOf(config).flatMap((grant) => {
    const umask =
      grant.umask === undefined || grant.umask === PRIVATE_UMASK ? {} : { umask: octal(grant.umask) }
    const rows: GrantRow[] = [...grant.secrets.map(secretRow), ...grant.binds.map(bindRow)].map((row) => {
      return { command: grant.command, ...row, ...umask }
    })
    if (rows.length > 0) return rows
    return [{ command: grant.command, what: [], as: 'nothing', where: '', variables: [], ...umask }]
  })
}

/** Variables that a command gets besides its secrets. */
export function staticEnv(grant: Grant): { name: string; value: string }[] {
  return [...commandEnv(grant.preset ?? grant.command)]
}

/** An umask the way people write it: `077`. */
export function octal(umask: number): string {
  return umask.toString(8).padStart(3, '0')
}

function secretRow(rule: SecretRule): Omit<GrantRow, 'command'> {
  const delivery = deliveryOf(rule)
  if (delivery.kind === 'value')
    return { what: [ruleSource(rule)], as: 'value', where: delivery.env, variables: [] }
  const where = `${delivery.dir}/${delivery.file}`
  return { what: [ruleSource(rule)], as: 'file', where, variables: variablesOf(delivery) }
}

function bindRow(rule: BindRule): Omit<GrantRow, 'command'> {
  return { what: rule.values.map(bindSource), as: 'bind', where: rule.path, variables: [] }
}

function resolve(rule: CommandRule, secrets: Map<string, SecretRule>, binds: Map<string, BindRule>): Grant {
  return {
    command: rule.command,
    secrets: rule.secrets.flatMap((name) => secrets.get(name) ?? []),
    binds: rule.binds.flatMap((path) => binds.get(path) ?? []),
    ...(rule.umask === undefined ? {} : { umask: rule.umask }),
    ...(rule.preset === undefined ? {} : { preset: rule.preset }),
  }
}
