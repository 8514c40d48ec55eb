import type { Result } from '../result.ts'
import { err, ok } from '../result.ts'
import { readDotenv } from '../text/dotenv.ts'
import { isSecretName, SECRET_NAME_RULE } from '../text/secret-name.ts'
import { readYaml } from '../text/yaml.ts'

export const IMPORT_FORMATS = ['dotenv', 'json', 'yaml'] as const
export type ImportFormat = (typeof IMPORT_FORMATS)[number]

/**
 * Reads secrets out of a file's bytes. `json` and `yaml` are one flat mapping of names to texts, numbers or
 * booleans (numbers are kept as they are written). `file` is its name for messages. Fails with `bad-import`; nothing of a value is ever in the
 * message. The caller wipes `bytes` and the values.
 */
export function parseSecrets(format: ImportFormat, bytes: Buffer, file: string): Result<Map<string, Buffer>> {
  const read = format === 'dotenv' ? fromDotenv(bytes) : fromMapping(format, bytes)
  return 'why' in read ? err({ reason: 'bad-import', file, format, ...read }) : ok(read)
}

/** Why a file can't be read; nothing of a value is in it. */
interface Problem {
  line: number
  why: string
}

function fromDotenv(bytes: Buffer): Map<string, Buffer> | Problem {
  const read = readDotenv(bytes)
  if ('why' in read) return read
  const secrets = new Map<string, Buffer>()
  let problem: Problem | undefined
  for (const [name, value, line] of read.values) {
    if (!isSecretName(name)) problem ??= { line, why: `a name must be ${SECRET_NAME_RULE}` }
    else if (secrets.has(name)) problem ??= { line, why: `${name} is there twice` }
    else secrets.set(name, value)
  }
  if (problem === undefined) return secrets
  for (const [, value] of read.values) value.fill(0)
  return problem
}

function fromMapping(format: 'json' | 'yaml', bytes: Buffer): Map<string, Buffer> | Problem {
  const tree = readYaml(bytes, { maxBytes: bytes.length, quiet: true })
  const [problem] = tree.problems
  if (problem !== undefined) return { line: problem.line, why: problem.message }
  const data = tree.value
  if (data === null || typeof data !== 'object' || Array.isArray(data)) {
    return { line: 1, why: 'the file must be one mapping of names to values' }
  }
  const strict = format === 'json' ? parseJson(bytes) : { value: data }
  if (strict === undefined) return { line: 1, why: 'this is not valid JSON' }
  const secrets = new Map<string, Buffer>()
  for (const [name, value] of Object.entries(data)) {
    const why = entryProblem(name, value, (strict.value as Record<string, unknown>)[name])
    if (why !== undefined) {
      for (const secret of secrets.values()) secret.fill(0)
      return { line: tree.where([name], 'key').line, why }
    }
    secrets.set(name, Buffer.from(value as string))
  }
  return secrets
}

function entryProblem(name: string, value: unknown, strict: unknown): string | undefined {
  if (!isSecretName(name)) return `a name must be ${SECRET_NAME_RULE}`
  if (value === null || strict === null) return `${name} has no value; write "" for an empty one`
  if (typeof value !== 'string' || typeof strict === 'object') {
    return `${name} is a list or a mapping; import the whole file as one secret instead`
  }
  return value.isWellFormed() ? undefined : `${name} contains half of a Unicode surrogate pair`
}

/** JSON is read as YAML, for its positions and duplicate keys; this says whether it really is JSON. */
function parseJson(bytes: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(bytes.toString().replace(/^\uFEFF/, '')) }
  } catch {
    return undefined // the error's text repeats parts of the file: it goes nowhere
  }
}
