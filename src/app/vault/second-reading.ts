import { parseEnv } from 'node:util'
import { err, ok, type Result } from '../../core/result.ts'
import type { ImportFormat } from '../../core/vault/import.ts'

/**
 * Reads a clear-text file once more by a reader that is not ours (Node's for dotenv and JSON, the YAML core schema's
 * for YAML): only values that both read alike may lose their original. Failure: bad-import with the first line that
 * is read differently; nothing of a value is in it. The second reading's texts are JavaScript's and live as long as
 * this short process.
 */
export async function readAlike(
  format: ImportFormat,
  bytes: Buffer,
  file: string,
  first: ReadonlyMap<string, Buffer>,
): Promise<Result<void>> {
  const second = await readAgain(format, bytes.toString('utf8').replace(/^\uFEFF/, ''))
  for (const [name, value] of first) {
    const again = Object.hasOwn(second, name) ? second[name] : undefined
    if (typeof again === 'string' && Buffer.from(again).equals(value)) continue
    if (again !== null && ['number', 'boolean'].includes(typeof again) && value.length > 0) continue // text as it stands
    const why = `another reader of this format understands ${name} differently, so the file is not emptied and nothing was stored; put the value in quotes, or import without --empty`
    return err({ reason: 'bad-import', file, format, line: lineOf(bytes, name), why })
  }
  return ok()
}

async function readAgain(format: ImportFormat, text: string): Promise<Record<string, unknown>> {
  try {
    if (format === 'dotenv') return parseEnv(text)
    if (format === 'json') return JSON.parse(text) as Record<string, unknown>
    const { readByCoreSchema } = await import('../../core/text/yaml-core-schema.ts')
    return readByCoreSchema(text) as Record<string, unknown>
  } catch {
    return {} // the error's text repeats parts of the file: it goes nowhere
  }
}

/** Where `NAME=` or `NAME:` begins; 1 where it can't be told. */
function lineOf(bytes: Buffer, name: string): number {
  const lines = bytes.toString('latin1').split('\n')
  const found = lines.findIndex((line) => new RegExp(`^\\W*(export\\s+)?${name}["']?\\s*[=:]`).test(line))
  return Math.max(0, found) + 1
}
