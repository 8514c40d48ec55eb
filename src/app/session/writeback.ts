import { userPaths } from '../../adapters/files/paths.ts'
import { get } from '../../adapters/holder/client.ts'
import { readStdin } from '../../adapters/terminal/standard-streams.ts'
import { confirm, hasTerminal } from '../../adapters/terminal/terminal.ts'
import { vaultTools, withWriter } from '../../adapters/vault/vault-files.ts'
import { deliveryOf } from '../../core/grant/delivery.ts'
import type { SecretRule } from '../../core/grant/model.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { writebackProblem } from '../../core/session/writeback.ts'
import { MAX_VALUE } from '../../core/vault/limits.ts'
import { loadProject } from '../project/project.ts'
import { vaultAccess } from '../vault/access.ts'
import { sessionIdentity } from '../vault/held-identity.ts'
import { vaultPlace } from '../vault/place.ts'
import { storeSecrets } from '../vault/replace.ts'
import type { Caller } from './caller.ts'
import { type PullOptions, pull } from './pull.ts'

export interface WritebackOptions extends Caller, Pick<PullOptions, 'renderTrust'> {
  /** Folder of the file in the command's view: the secret's name, as the protocol spells it. */
  dir: string
  /** Who changed it, for people. */
  command: string
}

const SILENT = { nonInteractive: true, passphraseFd: undefined, remember: false, forget: false }

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
  const place = vaultPlace(userPaths(options.env), project.value.config.vault, project.value.root)
  // Between the comparison and the new set nobody else may come: of two changes one would be lost without a word.
  const kept = await withWriter(place, vaultTools, async () => {
    const held = await get(rule.name)
    if (!held.ok)
      return held.error.reason === 'locked' ? dropped(command, rule.name, 'it was locked meanwhile') : held
    const same = held.value.equals(given)
    held.value.fill(0)
    if (!same) return dropped(command, rule.name, 'another command or a pull changed it meanwhile')
    const replaced = new Map([[rule.name, now]])
    const done = await pull({ ...options, ...SILENT, refresh: true, replaced })
    return done.ok ? ok() : done
  })
  if (!kept.ok) return kept
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
  const access = await vaultAccess({ ...options, nonInteractive: true })
  if (!access.ok) return access
  const identity = await sessionIdentity()
  if (!identity.ok) return identity
  const stored = await storeSecrets(access.value, identity.value, new Map([[name, now]]), true)
  identity.value.fill(0)
  return stored.ok ? ok(`${command} changed ${name}: kept in the vault`) : stored
}

function isWrittenBack(rule: SecretRule, dir: string): boolean {
  const delivery = deliveryOf(rule)
  return rule.writeback !== undefined && delivery.kind === 'file' && delivery.dir === dir
}

function dropped(command: string, name: string, why: string): Result<never> {
  return err({ reason: 'change-dropped', command, name, why })
}
