import { parse } from 'yaml'

/**
 * A YAML text as the core schema of YAML 1.2 reads it (numbers and booleans are no texts), to compare with what
 * `readYaml` made of it. Throws on what is no YAML; the error's text repeats parts of it.
 */
export function readByCoreSchema(text: string): unknown {
  return parse(text, { schema: 'core', logLevel: 'silent' })
}
