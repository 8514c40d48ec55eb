import { keep as holderKeep } from '../../adapters/holder/values.ts'
import { readStdin } from '../../adapters/terminal/standard-streams.ts'
import { confirm, hasTerminal } from '../../adapters/terminal/terminal.ts'
import { EXIT } from '../../core/failure/exit.ts'
import { deliveryOf } from '../../core/grant/delivery.ts'
import type { SecretRule } from '../../core/grant/model.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { writebackProblem } from '../../core/session/writeback.ts'
import { MAX_VALUE } from '../../core/vault/limits.ts'
import { loadProject } from '../project/project.ts'
import { vaultAccess } from '../vault/access.ts'
import { withIdentity } from '../vault/identity.ts'
import { storeSecrets } from '../vault/replace.ts'
import type { Caller } from './caller.ts'

export interface WritebackOptions extends Caller {
  /** Folder of the file in the command's view: the secret's name, as the protocol spells it. */
  dir: string
  /** Who changed it, for people. */
  command: string
}

/**
 * Keeps what a command left in a granted file: `exec` starts this with u32 size of what the command was given, that, and
 * what the file is now on standard input. The next command gets the new value; the vault only when a person agrees.
 * Returns what to tell. The old value or the new one is there at every moment, and of two commands that changed the same
 * file the second one is told so. Failures: bad-value (with the reason, and that the change was dropped), locked.
 */
export async function writeBack(options: WritebackOptions): Promise<Result<string>> {
  const input = await readStdin('the changed file', 2 * MAX_VALUE + 4)
  if (!input.ok) return input
  try {
    const size = input.value.length < 4 ? 0 : input.value.readUInt32LE(0)
    const given = input.value.subarray(4, 4 + size)
    const now = input.value.subarray(4 + size)
    return await keep(options, given, now)
  } finally {
    input.value.fill(0)
  }
}

async function keep(options: WritebackOptions, given: Buffer, now: Buffer): Promise<Result<string>> {
  const { command, dir } = options
  const project = await loadProject(options.cwd)
  if (!project.ok) return project
  const rule = project.value?.config.secrets.find((one) => isWrittenBack(one, dir))
  if (project.value === undefined || rule === undefined)
    return dropped(command, dir, 'tazpod.yaml does not keep it')
  const problem = writebackProblem(given, now)
  if (problem !== undefined) return dropped(command, rule.name, `its file ${problem}`)
  // The holder compares and replaces at once: of two changes none is lost without a word.
  const kept = await holderKeep(rule.name, given, now)
  if (!kept.ok) {
    if (kept.error.reason === 'locked') return dropped(command, rule.name, 'it was locked meanwhile')
    const changed = kept.error.reason === 'ghost' && kept.error.exitCode === EXIT.data
    return changed ? dropped(command, rule.name, 'another command or a pull changed it meanwhile') : kept
  }
  const told = `${command} changed ${rule.name}: kept until lock or the next pull`
  return rule.writeback === 'vault' && project.value.config.provider === 'vault'
    ? intoVault(options, rule.name, now, told)
    : ok(told)
}

async function intoVault(
  options: WritebackOptions,
  name: string,
  now: Buffer,
  told: string,
): Promise<Result<string>> {
  const { command } = options
  if (!hasTerminal()) return ok(`${told}; nobody could be asked about the vault`)
  const answer = await confirm(`${command} changed ${name}. Keep the change in the vault?`)
  if (!answer.ok || !answer.value) return ok(`${told}; not in the vault`)
  const access = await vaultAccess(options)
  if (!access.ok) return access
  const stored = await withIdentity(access.value, (identity) =>
    storeSecrets(access.value, identity, new Map([[name, now]]), true),
  )
  return stored.ok ? ok(`${command} changed ${name}: kept in the vault`) : stored
}

function isWrittenBack(rule: SecretRule, dir: string): boolean {
  const delivery = deliveryOf(rule)
  return rule.writeback !== undefined && delivery.kind === 'file' && delivery.dir === dir
}

function dropped(command: string, name: string, why: string): Result<never> {
  return err({ reason: 'change-dropped', command, name, why })
}
