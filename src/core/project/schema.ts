import * as z from 'zod'
import { envNameProblem } from '../grant/env-name.ts'
import { BIND_FORMATS } from '../grant/formats.ts'
import type { BindValue, IdentityPart } from '../grant/model.ts'
import { DEFAULT_SESSION, IDENTITY_PARTS, LOCK_EVENTS, WRITEBACKS } from '../grant/model.ts'
import { projectPath } from '../grant/path-field.ts'
import { presetNames } from '../grant/presets.ts'
import { PROVIDER_NAMES } from '../provider/registry.ts'
import { syntaxOf } from '../provider/syntaxes.ts'
import { DOTENV_READERS } from '../text/dotenv-writer.ts'
import { DURATION_BOUNDS, formatDuration, parseDuration } from '../text/duration.ts'
import { checked, choice, complain, flag, secretName, text } from '../text/field.ts'
import { isSecretName, SECRET_NAME_RULE } from '../text/secret-name.ts'
import { show } from '../text/show.ts'

/** The shape of `tazpod.yaml`. The reader hands every scalar over as its text, so numbers are read here. */

const envName = checked(envNameProblem)
const fileName = checked((word) => {
  if (word.includes('/')) return 'contains "/": a file name is needed, the folder is chosen by tazpod'
  if (word === '.' || word === '..' || !/^[A-Za-z0-9._-]{1,255}$/.test(word)) {
    return 'is not a file name: letters, digits, ".", "_" and "-", at most 255'
  }
  return undefined
})
const umask = text((word, context) => {
  if (/^[0-7]{3,4}$/.test(word) && Number.parseInt(word, 8) <= 0o777) return Number.parseInt(word, 8)
  complain(context, `umask ${show(word)} is not three octal digits`, 'for example 077')
  return undefined
})
const preset = choice('preset', presetNames())
const duration = text((word, context) => {
  const seconds = parseDuration(word)
  const { min, max } = DURATION_BOUNDS
  if (seconds !== undefined && seconds >= min && seconds <= max) return seconds
  if (seconds === undefined)
    complain(context, `${show(word)} is not a duration`, 'for example 30m, 12h or 1h30m')
  else complain(context, `${show(word)} is out of bounds: ${formatDuration(min)} to ${formatDuration(max)}`)
  return undefined
})
const version = text((word, context): 1 | undefined => {
  if (word === '1') return 1
  if (/^[1-9]\d{0,8}$/.test(word))
    complain(context, `version ${word} is newer than this tazpod`, 'upgrade tazpod')
  else complain(context, `version ${show(word)} is unknown`, 'write version: 1')
  return undefined
})

const bindValue = z.unknown().transform((value, context): Omit<BindValue, 'key'> => {
  if (typeof value === 'string') {
    if (isSecretName(value)) return { secret: value }
    complain(context, `${show(value)} is not a name of a secret: ${SECRET_NAME_RULE}`)
    return z.NEVER
  }
  const fields =
    value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : []
  const [field, part] = fields[0] ?? []
  if (fields.length === 1 && field === 'identity' && IDENTITY_PARTS.some((known) => known === part)) {
    return { identity: part as IdentityPart }
  }
  complain(
    context,
    'a value is the name of a secret or an identity',
    `{ identity: ${IDENTITY_PARTS.join(' | ')} }`,
  )
  return z.NEVER
})

/** What providers add to a line under `secrets:`. */
function ruleFields(): Record<string, z.ZodOptional> {
  return optional(PROVIDER_NAMES.flatMap((name) => Object.entries(syntaxOf(name).ruleFields ?? {})))
}

/** The sections of providers, each under its provider's own name. */
function sections(): Record<string, z.ZodOptional> {
  return optional(
    PROVIDER_NAMES.flatMap((name) => {
      const { section } = syntaxOf(name)
      return section === undefined ? [] : [[name, section] as const]
    }),
  )
}

function optional(fields: readonly (readonly [string, z.ZodType])[]): Record<string, z.ZodOptional> {
  return Object.fromEntries(fields.map(([name, field]) => [name, field.optional()]))
}

export const secretRule = z
  .strictObject({
    name: secretName,
    file: fileName.optional(),
    env: envName.optional(),
    as: choice('as', ['file', 'value'] as const).default('file'),
    writeback: choice('writeback', WRITEBACKS).optional(),
    preset: preset.optional(),
    ...ruleFields(),
    identity: choice('the part of the identity', IDENTITY_PARTS).optional(),
  })
  .superRefine((rule, context) => {
    if (rule.identity !== undefined && 'path' in rule && rule.path !== undefined)
      complain(context, 'a part of the identity is in no folder', 'remove path:')
    if (rule.identity !== undefined && rule.writeback !== undefined)
      complain(context, 'a part of the identity is not written back', 'remove writeback:')
    if (rule.as !== 'value') return
    if (rule.writeback !== undefined)
      complain(context, '"as: value" makes no file', 'remove writeback: or as:')
    if (rule.env === undefined)
      complain(context, '"as: value" needs the variable that carries it', 'add env: NAME')
    if (rule.file !== undefined) complain(context, '"as: value" makes no file', 'remove file: or as:')
    if (rule.preset !== undefined) complain(context, '"as: value" makes no file', 'remove preset: or as:')
  })

export const bindRule = z.strictObject({
  path: projectPath,
  format: choice('format', BIND_FORMATS),
  for: choice('reader of the dotenv file', DOTENV_READERS).optional(),
  values: z.record(z.string(), bindValue),
})

export const commandRule = z.strictObject({
  secrets: z.array(secretName).default([]),
  binds: z.array(projectPath).default([]),
  umask: umask.optional(),
  preset: preset.optional(),
})

const session = z.strictObject({
  idle: z.union([z.literal('never').transform(() => 0), duration]).default(DEFAULT_SESSION.idle),
  max: duration.default(DEFAULT_SESSION.max),
  scope: choice('scope', ['user', 'terminal'] as const).default(DEFAULT_SESSION.scope),
  proof: z.union([z.literal(['0', 'never']).transform(() => 0), duration]).default(DEFAULT_SESSION.proof),
  lockOnExit: flag('lockOnExit').default(DEFAULT_SESSION.lockOnExit),
  lockOn: z.array(choice('event', LOCK_EVENTS)).optional(),
})

export const projectFile = z.strictObject({
  version,
  provider: choice('provider', PROVIDER_NAMES).default('vault'),
  ...sections(),
  session: session.default({ ...DEFAULT_SESSION }),
  secrets: z.array(secretRule).default([]),
  binds: z.array(bindRule).default([]),
  commands: z.record(z.string(), commandRule).optional(),
})

/** The keys that are right at a place of the file, for "did you mean". */
export function keysAt(path: readonly PropertyKey[]): string[] {
  const [section, item] = path
  if (section === undefined) return Object.keys(projectFile.shape)
  const provider = PROVIDER_NAMES.find((name) => name === section)
  if (provider !== undefined) return [...(syntaxOf(provider).keys?.(item) ?? [])]
  if (section === 'session') return Object.keys(session.shape)
  if (item === undefined || path.length > 2) return []
  if (section === 'secrets') return Object.keys(secretRule.shape)
  if (section === 'binds') return Object.keys(bindRule.shape)
  return section === 'commands' ? Object.keys(commandRule.shape) : []
}
