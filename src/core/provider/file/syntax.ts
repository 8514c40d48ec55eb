import * as z from 'zod'
import { projectPath } from '../../grant/path-field.ts'
import { complain, text } from '../../text/field.ts'
import { isSecretName } from '../../text/secret-name.ts'
import { show } from '../../text/show.ts'
import type { ProviderSyntax } from '../definition.ts'
import type { FileConfig } from './definition.ts'

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

/** `file:`, as a path alone or with what opens it. */
export const fileSyntax = {
  section: section as unknown as z.ZodType<FileConfig>, // which has no `undefined` for what is absent
  keys: () => Object.keys(mapping.shape),
  needs: { what: 'needs to know which file', hint: 'add file: secrets.enc.yaml' },
} as const satisfies ProviderSyntax
