import * as z from 'zod'
import { checked, flag, secretName } from '../../text/field.ts'
import { isInfisicalFolder, isInfisicalName } from './names.ts'

const slug = checked((word) => {
  return isInfisicalName(word) ? undefined : 'is not a name: letters, digits, ".", "_" and "-"'
})
export const secretFolder = checked((word) => {
  return isInfisicalFolder(word) ? undefined : 'is not a folder of Infisical: "/", or "/name/name"'
})
export const infisicalFolder = z.strictObject({
  path: secretFolder,
  prefix: secretName.optional(),
  recursive: flag('the answer').default(false),
})
/** `/folder` is short for `{ path: /folder }`. */
const infisicalPath = z.preprocess(
  (item) => (typeof item === 'string' ? { path: item } : item),
  infisicalFolder,
)

/** The section `infisical:` of tazpod.yaml. */
export const infisicalSection = z.strictObject({
  project: slug,
  environment: slug,
  identity: slug.optional(),
  offline: flag('the answer').default(false),
  paths: z
    .array(infisicalPath)
    .min(1)
    .default([{ path: '/', recursive: false }]),
})

/** Where the secrets are. The server's address is not here on purpose: it belongs to the identity in the vault. */
export interface InfisicalConfig {
  project: string
  environment: string
  /** Which of the vault's identities logs in; absent: `default`. */
  identity?: string
  /** Whether an encrypted copy of the last pull may stand in where the server can't be reached. */
  offline: boolean
  paths: InfisicalPath[]
}

/** One folder of a pull. */
export interface InfisicalPath {
  path: string
  /** Put before each name of this folder. */
  prefix?: string
  /** With its sub-folders. */
  recursive: boolean
}
