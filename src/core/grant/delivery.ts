import { shellQuoted } from '../text/shell-word.ts'
import type { SecretRule } from './model.ts'
import type { ExtraEnv, FilePreset } from './presets.ts'
import { filePreset, wellKnownPreset } from './presets.ts'

/** How one secret reaches a child. `env` of a file carries its path; empty: no variable. */
type Delivery =
  | { kind: 'value'; env: string }
  | { kind: 'file'; dir: string; file: string; mode: number; env: string; extraEnv: readonly ExtraEnv[] }

/** The only file mode: readable and writable for the owner, never executable (ansible would run a password file). */
const FILE_MODE = 0o600
/** Beside the mode, as PROTOCOL.md has it. */
const WRITEBACK_MODE = { true: 0o1000, vault: 0o3000 } as const

/**
 * What a rule of the project becomes: what the rule says itself, then its preset. A well-known secret name acts as
 * a preset when the rule says neither file nor variable. Each secret has its own folder, named after it, because
 * kubectl writes `<file>.lock` beside its file.
 */
export function deliveryOf(rule: SecretRule): Delivery {
  if (rule.as === 'value') return { kind: 'value', env: rule.env ?? rule.name }
  const preset = presetOf(rule)
  return {
    kind: 'file',
    dir: folderOf(rule.name),
    file: rule.file ?? preset?.file ?? rule.name,
    mode: FILE_MODE | (rule.writeback === undefined ? 0 : WRITEBACK_MODE[rule.writeback]),
    env: rule.env ?? preset?.env ?? '',
    extraEnv: preset?.extraEnv ?? [],
  }
}

/** Every variable that a delivery sets. */
export function variablesOf(delivery: Delivery): string[] {
  const extra = delivery.kind === 'file' ? delivery.extraEnv.map(({ name }) => name) : []
  return delivery.env === '' ? extra : [delivery.env, ...extra]
}

/** The value of an extra variable for a file in `dir` under the ghost folder `ghost`. */
export function extraEnvValue(extra: ExtraEnv, ghost: string, dir: string, file: string): string {
  switch (extra.holds) {
    case 'directory':
      return `${ghost}/${dir}`
    case 'ssh-command':
      return `ssh -i ${shellQuoted(`${ghost}/${dir}/${file}`)} -o IdentitiesOnly=yes`
    default:
      return extra.holds satisfies never
  }
}

function presetOf(rule: SecretRule): FilePreset | undefined {
  if (rule.preset !== undefined) return filePreset(rule.preset)
  if (rule.file !== undefined || rule.env !== undefined) return undefined
  const name = wellKnownPreset(rule.name)
  return name === undefined ? undefined : filePreset(name)
}

/** `work` is the folder that children share; a name outside the protocol's alphabet is spelled with `_`. */
function folderOf(name: string): string {
  const folder = name.replace(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_')
  return folder === 'work' || folder === '' ? 'secret-work' : folder.slice(0, 255)
}
