import { envNameEffect } from '../grant/env-name.ts'
import type { GrantRow } from '../grant/grants.ts'
import { DEFAULT_SESSION, type ProjectConfig } from '../grant/model.ts'
import { definitionOf, PROVIDER_NAMES } from '../provider/registry.ts'
import { formatDuration } from '../text/duration.ts'
import { lookalikeProblem } from '../text/lookalike.ts'

/** One grant as one stable line: two versions of a project file are compared by these. */
export function grantLine(row: GrantRow): string {
  const command = row.command === '*' ? 'every other command' : row.command
  if (row.as === 'nothing') return `${command} gets nothing`
  const variables = row.variables.length > 0 ? `, path in ${row.variables.join(', ')}` : ''
  const umask = row.umask === undefined ? '' : `, umask ${row.umask}`
  return `${command} gets ${row.what.join(', ')} as ${row.as} ${row.where}${variables}${umask}`
}

const LOCKS_ON = {
  suspend: 'locks when the machine goes to sleep',
  screen: 'locks when your screen is locked',
}

function proofLine(seconds: number): string {
  return seconds === 0
    ? 'asks for the passphrase each time that the vault is worked on'
    : `a passphrase counts for ${formatDuration(seconds)} at its terminal`
}

/** Where the secrets come from and how long they stay, one line each. */
export function settingLines(config: ProjectConfig): string[] {
  const { session } = config
  const writebacks = config.secrets.flatMap(({ name, writeback }) => {
    const where = writeback === 'vault' ? 'until lock, and asked about for the vault' : 'until lock'
    return writeback === undefined ? [] : [`${name}: what a command makes of its file is kept ${where}`]
  })
  return [
    `provider ${config.provider}`,
    ...(config.vault === undefined ? [] : [`vault ${config.vault}`]),
    ...PROVIDER_NAMES.flatMap((name) => definitionOf(name).describe({ ...config })),
    ...writebacks,
    `stays unlocked at most ${endless(session.max)}, ${endless(session.idle)} without a command`,
    ...config.secrets.flatMap(({ name, path }) =>
      path === undefined ? [] : [`${name} is the one in ${path}`],
    ),
    ...(session.lockOn ?? []).map((event) => LOCKS_ON[event]),
    ...(session.proof === DEFAULT_SESSION.proof ? [] : [proofLine(session.proof)]),
    `may be asked by ${session.scope === 'user' ? 'every terminal of yours' : 'this terminal only'}`,
  ]
}

/**
 * What deserves a second look before a file is trusted: variables that make programs do more than take a value, and
 * names that are not what a person reads. The variables that a preset sets are the tool's own.
 */
export function warningLines(config: ProjectConfig): string[] {
  const variables = config.secrets.flatMap(({ name, env }) => {
    const effect = env === undefined ? undefined : envNameEffect(env)
    return effect === undefined ? [] : [`${name} sets ${env}, which ${effect}`]
  })
  const names = [
    ...config.secrets.flatMap(({ name, file }) =>
      file === undefined ? [] : [[`the file of ${name}`, file]],
    ),
    ...config.binds.map(({ path }) => ['the bind', path]),
  ]
  const lookalikes = names.flatMap(([what = '', word = '']) => {
    const problem = lookalikeProblem(word)
    return problem === undefined ? [] : [`${what} ${escaped(word)} ${problem}`]
  })
  return [...variables, ...lookalikes]
}

/** With everything but plain ASCII as \u{…}, so that two names which look alike read differently. */
function escaped(word: string): string {
  const code = (character: string) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  return `"${word.replace(/[^\x20-\x7e]/gu, code)}"`
}

function endless(seconds: number): string {
  return seconds === 0 ? 'without end' : formatDuration(seconds)
}
