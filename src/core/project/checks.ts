import { deliveryOf, variablesOf } from '../grant/delivery.ts'
import { type BindFormat, formatKeyProblem } from '../grant/formats.ts'
import { SET_LIMITS } from '../grant/launch-set.ts'
import type { SecretRule } from '../grant/model.ts'
import { plainPath } from '../grant/path.ts'
import { PROVIDER_NAMES, type ProviderName } from '../provider/registry.ts'
import { syntaxOf } from '../provider/syntaxes.ts'
import { lookalikeProblem } from '../text/lookalike.ts'
import { nearest } from '../text/nearest.ts'
import { show } from '../text/show.ts'
import type { YamlPath } from '../text/yaml.ts'
import { bindRule, commandRule, secretRule } from './schema.ts'

/** One defect at a place of the file's data. */
export interface Finding {
  path: YamlPath
  part: 'key' | 'value'
  message: string
  hint?: string
}

type Hint = string | (() => string | undefined) | undefined
type Report = (path: YamlPath, message: string, hint?: Hint, part?: 'key' | 'value') => void

/** Further findings are dropped: a hostile file must not cost a search for each of 20,000 wrong words. */
const MAX_FINDINGS = 100

/**
 * What no single entry can know: names that clash, grants of something that is not declared. Works on the raw data
 * and looks only at entries that are right by themselves, so that one mistake is reported once and hides no other.
 */
export function crossCheck(data: Record<string, unknown>): Finding[] {
  const findings: Finding[] = []
  const report: Report = (path, message, hint, part = 'value') => {
    if (findings.length >= MAX_FINDINGS) return
    const words = typeof hint === 'function' ? hint() : hint
    findings.push({ path, part, message, ...(words === undefined ? {} : { hint: words }) })
  }
  checkProvider(data, report)
  checkSecrets(data, report)
  checkBinds(data, report)
  checkCommands(data, report)
  return findings
}

function checkProvider(data: Record<string, unknown>, report: Report): void {
  const provider: ProviderName | undefined = PROVIDER_NAMES.find(
    (name) => name === (data.provider ?? 'vault'),
  )
  if (provider === undefined) return
  const { needs, needsField } = syntaxOf(provider)
  if (needs !== undefined && data[provider] === undefined)
    report(['provider'], `provider ${provider} ${needs.what}`, needs.hint)
  for (const [index, item] of list(data.secrets).entries()) {
    const rule = mapping(item)
    if (needsField && rule[needsField.field] === undefined && rule.identity === undefined)
      report(['secrets', index], `the secret ${field(item, 'name')} ${needsField.message}`, needsField.hint)
    for (const other of PROVIDER_NAMES) {
      const foreign = syntaxOf(other).needsField?.field
      if (other !== provider && foreign !== undefined && rule[foreign] !== undefined)
        report(
          ['secrets', index, foreign],
          `${foreign}: means something with provider: ${other} only`,
          `remove ${foreign}: or write provider: ${other}`,
        )
    }
  }
}

function checkSecrets(data: Record<string, unknown>, report: Report): void {
  const names = new Set<string>()
  const files = new Map<string, string>()
  const variables = new Map<string, string>()
  for (const [index, item] of list(data.secrets).entries()) {
    const parsed = secretRule.safeParse(item)
    if (!parsed.success) continue
    const rule = parsed.data as SecretRule
    if (names.has(rule.name)) {
      report(['secrets', index, 'name'], `the secret ${rule.name} is there twice`, 'remove one of them')
      continue
    }
    names.add(rule.name)
    const delivery = deliveryOf(rule)
    if (delivery.kind === 'file')
      claim(files, delivery.file, rule.name, 'file', ['secrets', index, 'file'], report)
    for (const variable of variablesOf(delivery)) {
      claim(variables, variable, rule.name, 'variable', ['secrets', index, 'env'], report)
    }
  }
}

function claim(
  taken: Map<string, string>,
  word: string,
  owner: string,
  what: string,
  path: YamlPath,
  report: Report,
): void {
  const first = taken.get(word)
  if (first === undefined) taken.set(word, owner)
  else report(path, `${first} and ${owner} both use the ${what} ${word}`, `give ${owner} another ${what}`)
}

function checkBinds(data: Record<string, unknown>, report: Report): void {
  const paths = new Set<string>()
  const folders = new Set<string>()
  const vault = typeof data.vault === 'string' ? plainPath(data.vault) : undefined
  for (const [index, item] of list(data.binds).entries()) {
    const at = (...rest: PropertyKey[]) => ['binds', index, ...rest]
    const parsed = bindRule.safeParse(item)
    if (!parsed.success) continue
    const { path, format, values } = parsed.data
    if (parsed.data.for !== undefined && format !== 'dotenv') {
      report(at('for'), 'for: says who reads a dotenv file', `remove it, or write format: dotenv`)
    }
    if (paths.has(path))
      report(at('path'), `the path ${show(path)} is there twice`, 'put all values into one bind')
    const above = parents(path)
    if (folders.has(path) || above.some((folder) => paths.has(folder))) {
      report(at('path'), `${show(path)} can't be a file: another bind needs it as a folder, or the reverse`)
    }
    for (const folder of above) folders.add(folder)
    if (path === 'tazpod.yaml' || path === vault || path.split('/')[0] === '.tazpod') {
      report(at('path'), `the path ${show(path)} belongs to tazpod`)
    }
    paths.add(path)
    checkValues(format, Object.keys(values), at('values'), report)
  }
}

/** The folders that a path is in: a/b/c → a, a/b. */
function parents(path: string): string[] {
  const segments = path.split('/')
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'))
}

function checkValues(format: BindFormat, keys: string[], path: YamlPath, report: Report): void {
  if (keys.length === 0) report(path, 'this bind has no values', undefined, 'key')
  else if (format === 'raw' && keys.length > 1) {
    report(
      path,
      `format raw takes one value, here are ${keys.length}`,
      'use another format, or one bind for each',
      'key',
    )
  }
  for (const key of keys) {
    const why = formatKeyProblem(format, key)
    if (why !== undefined) report([...path, key], `the key ${show(key)} ${why}`, undefined, 'key')
  }
}

function checkCommands(data: Record<string, unknown>, report: Report): void {
  const secrets = new Set(list(data.secrets).map((item) => field(item, 'name')))
  const binds = new Set(list(data.binds).map((item) => plainPath(field(item, 'path'))))
  const commands = Object.entries(mapping(data.commands))
  if (commands.length >= SET_LIMITS.plans) {
    report(['commands'], `${commands.length} commands; at most ${SET_LIMITS.plans - 1} can be listed`)
  }
  for (const [command, item] of commands) {
    const at = ['commands', command]
    const why = commandProblem(command)
    if (why !== undefined) report(at, `the command ${show(command)} ${why}`, undefined, 'key')
    const rule = commandRule.safeParse(item)
    if (!rule.success) continue
    checkGrants(rule.data.secrets, secrets, [...at, 'secrets'], 'secrets', report)
    checkGrants(rule.data.binds, binds, [...at, 'binds'], 'binds', report)
  }
}

function checkGrants(
  granted: string[],
  declared: Set<string>,
  path: YamlPath,
  section: string,
  report: Report,
): void {
  const seen = new Set<string>()
  for (const [index, word] of granted.entries()) {
    if (seen.has(word)) report([...path, index], `${show(word)} is granted twice`, 'remove one of them')
    seen.add(word)
    if (declared.has(word)) continue
    report([...path, index], `${show(word)} is not declared under ${section}:`, () => {
      const right = nearest(word, declared)
      return right && `did you mean ${show(right)}?`
    })
  }
}

function commandProblem(command: string): string | undefined {
  if (command === '*') return undefined
  if (command === '' || command === '.' || command === '..') return 'is not a name'
  if (command.includes('/')) return 'contains "/": the name of the program without its folder is needed'
  if (/[\p{Cc}*?[\]]/u.test(command))
    return 'is not a plain name (only "*" alone stands for every other command)'
  if (Buffer.byteLength(command) > SET_LIMITS.nameBytes) return 'is longer than 255 bytes'
  return lookalikeProblem(command)
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function mapping(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

function field(item: unknown, name: string): string {
  const value = mapping(item)[name]
  return typeof value === 'string' ? value : ''
}
