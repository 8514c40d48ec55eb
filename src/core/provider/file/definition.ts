import { AGE_KEY } from '../../sops/tree.ts'
import type { ProviderDefinition, ProviderSettings } from '../definition.ts'

/** The section `file:` of tazpod.yaml. */
export interface FileConfig {
  /** Relative to the project folder. */
  path: string
  /** What opens it; absent: the vault's own age identity, or what the vault keeps as SOPS_AGE_KEY. */
  identity?: string
}

/** Secrets from an encrypted file of the project: of SOPS with age keys, or a plain age file. */
export const file = {
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
