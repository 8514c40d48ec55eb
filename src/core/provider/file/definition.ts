import * as z from 'zod'
import { projectPath } from '../../grant/path-field.ts'
import { AGE_KEY } from '../../sops/tree.ts'
import { complain, text } from '../../text/field.ts'
import { isSecretName } from '../../text/secret-name.ts'
import { show } from '../../text/show.ts'
import type { ProviderDefinition, ProviderSettings } from '../definition.ts'

/** A secret of the vault by its name, or a file by a path that starts with `/` or `~/`. */
const identity = text((word, context) => {
  if (isSecretName(word) || /^(~\/|\/)./.test(word)) return word
  complain(
    context,
    `${show(word)} is neither the name of a secret in the vault nor an absolute path`,
    'for example identity: SOPS_AGE_KEY, or identity: ~/.config/sops/age/keys.txt',
  )
  return undefined
})
const mapping = z.strictObject({ path: projectPath, identity: identity.optional() })
/** `file: secrets.enc.yaml` is short for `file: { path: secrets.enc.yaml }`. */
const section = z.preprocess((item) => (typeof item === 'string' ? { path: item } : item), mapping)

/** The section `file:` of tazpod.yaml. */
export interface FileConfig {
  /** Relative to the project folder. */
  path: string
  /** What opens it; absent: the vault's own age identity, or what the vault keeps as SOPS_AGE_KEY. */
  identity?: string
}

/** Secrets from an encrypted file of the project: of SOPS with age keys, or a plain age file. */
export const file = {
  section: section as unknown as z.ZodType<FileConfig>, // which has no `undefined` for what is absent
  keys: () => Object.keys(mapping.shape),
  needs: { what: 'needs to know which file', hint: 'add file: secrets.enc.yaml' },
  comment: 'secrets come from an encrypted file of the project',
  template: ({ file: known }) => `\nfile: ${(known as FileConfig | undefined)?.path ?? 'secrets.enc.yaml'}`,
  describe,
  shows: 'session',
  stores: false,
  setCommand: (name) => `write ${name} with the program that made the file, for example: sops FILE`,
} as const satisfies ProviderDefinition

function describe({ file: settings }: ProviderSettings): string[] {
  if (settings === undefined) return []
  const { path, identity: key } = settings as FileConfig
  const opens = key === undefined ? `the identity of the vault, or its ${AGE_KEY}` : key
  return [`file ${path}, opened with ${opens}`]
}
