import type { z } from 'zod'
import type { ConfigProblem } from '../failure/failure.ts'
import type { BindRule, BindValue, CommandRule, ProjectConfig } from '../grant/model.ts'
import { PROVIDER_NAMES } from '../provider/registry.ts'
import { syntaxOf } from '../provider/syntaxes.ts'
import type { Result } from '../result.ts'
import { err, ok } from '../result.ts'
import { nearest } from '../text/nearest.ts'
import { show } from '../text/show.ts'
import type { YamlTree } from '../text/yaml.ts'
import { readYaml } from '../text/yaml.ts'
import type { Finding } from './checks.ts'
import { crossCheck } from './checks.ts'
import { keysAt, projectFile } from './schema.ts'

export type * from '../grant/model.ts'

/** A project file is written by hand: 256 KiB is far beyond any real one and keeps a hostile one cheap. */
export const CONFIG_BYTES = 256 * 1024

/**
 * Reads `tazpod.yaml`: `text` is its content (a string, or the bytes, which must be UTF-8), `file` its name for
 * messages. Fails with `config-invalid`, which lists every problem that was found, each with line and column.
 * Never throws, whatever the text.
 */
export function parseConfig(text: string | Uint8Array, file: string): Result<ProjectConfig> {
  const tree = readYaml(text, { maxBytes: CONFIG_BYTES })
  const problems = [...tree.problems]
  if (tree.broken) return invalid(file, problems)
  const data = tree.value
  if (data === null || typeof data !== 'object' || Array.isArray(data)) {
    const message = data === null ? 'the file is empty' : 'the file must be a mapping (key: value)'
    problems.push({ line: 1, column: 1, message, hint: 'start with version: 1' })
    return invalid(file, problems)
  }
  const parsed = projectFile.safeParse(data)
  const issues = parsed.success ? [] : parsed.error.issues.slice(0, MAX_PROBLEMS)
  const findings = issues.flatMap((issue) => inWords(issue, data))
  findings.push(...crossCheck(data as Record<string, unknown>))
  problems.push(...findings.slice(0, 2 * MAX_PROBLEMS).map((finding) => placed(finding, tree)))
  if (problems.length > 0 || !parsed.success) return invalid(file, problems)
  return ok(toConfig(parsed.data))
}

/** At most this many problems are listed: the rest is noise that follows from the first. */
const MAX_PROBLEMS = 50

function invalid(file: string, problems: ConfigProblem[]): Result<never> {
  problems.sort((a, b) => a.line - b.line || a.column - b.column)
  const listed = problems.slice(0, MAX_PROBLEMS)
  const last = listed.at(-1)
  if (last !== undefined && problems.length > MAX_PROBLEMS) {
    listed.push({ ...last, message: 'and more: fix these first' })
  }
  return err({ reason: 'config-invalid', file, problems: listed })
}

function placed(finding: Finding, tree: YamlTree): ConfigProblem {
  const position = tree.where(finding.path, finding.part)
  const hint = finding.hint === undefined ? {} : { hint: finding.hint }
  return { line: position.line, column: position.column, message: finding.message, ...hint }
}

/** Turns an issue of the schema into words. */
function inWords(issue: z.core.$ZodIssue, data: object): Finding[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, MAX_PROBLEMS)
      .map((key) => ({ path: [...path, key], part: 'key', ...unknownKey(key, path) }))
  }
  if (issue.code === 'invalid_union') {
    // `idle`: the last alternative (a duration) has the words that help.
    return (issue.errors.at(-1) ?? []).flatMap((inner) =>
      inWords({ ...inner, path: [...path, ...inner.path] }, data),
    )
  }
  if (issue.code === 'custom') {
    const hint: unknown = issue.params?.hint
    return [{ path, part: 'value', message: issue.message, ...(typeof hint === 'string' ? { hint } : {}) }]
  }
  const name = path.length === 0 ? 'the file' : show(String(path.at(-1)))
  const value = at(data, path)
  if (value === undefined)
    return [{ path, part: 'key', message: `${name} is missing`, hint: missingHint(path) }]
  if (value === null)
    return [{ path, part: 'key', message: `${name} is empty`, hint: 'give it a value or remove it' }]
  if (issue.code === 'too_small') return [{ path, part: 'key', message: `${name} is an empty list` }]
  const shape = issue.code === 'invalid_type' ? (SHAPES[issue.expected] ?? 'text') : 'text'
  return [{ path, part: 'value', message: `${name} must be ${shape}` }]
}

const SHAPES: Record<string, string> = {
  array: 'a list',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
}

function missingHint(path: readonly PropertyKey[]): string {
  return path.length === 1 && path[0] === 'version'
    ? 'start the file with version: 1'
    : `add ${String(path.at(-1))}: …`
}

function unknownKey(key: string, path: readonly PropertyKey[]): { message: string; hint: string } {
  const message = `unknown key ${show(key)}`
  const provider = PROVIDER_NAMES.find((name) => name === path[0])
  const elsewhere = provider && syntaxOf(provider).unknownKey?.(key)
  if (elsewhere !== undefined) return { message, hint: elsewhere }
  const keys = keysAt(path)
  const right = nearest(key, keys)
  return { message, hint: right === undefined ? `known here: ${keys.join(', ')}` : `did you mean ${right}?` }
}

function at(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data
  for (const step of path) {
    if (value === null || typeof value !== 'object') return undefined
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return value
}

function toConfig(data: z.infer<typeof projectFile>): ProjectConfig {
  const { binds, commands, ...rest } = data
  const config = {
    ...rest,
    binds: binds.map(({ values, ...bind }): BindRule => {
      return {
        ...(bind as Omit<BindRule, 'values'>),
        values: Object.entries(values).map(([key, ref]) => ({ key, ...ref }) as BindValue),
      }
    }),
  }
  const listed =
    commands && Object.entries(commands).map(([command, rule]) => ({ command, ...rule }) as CommandRule)
  return (listed === undefined ? config : { ...config, commands: listed }) as ProjectConfig
}
