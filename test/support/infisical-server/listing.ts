import type { TestProject } from './projects.ts'
import { expandNow, expandOld, type Scope } from './references.ts'
import type { Folder, Secret } from './store.ts'
import type { Mode } from './types.ts'

export const HIDDEN = '<hidden-by-infisical>'

export interface Shown {
  readonly project: TestProject
  readonly mode: Mode
  readonly expand: boolean
  readonly viewValue: boolean
  readonly scope: Scope
}

/** A secret as the generation writes it, in the service's order of keys. */
export function listed(shown: Shown, folder: Folder, secret: Secret, value: string): Record<string, unknown> {
  if (shown.mode === '2024') return { ...bare(shown, folder, secret, value), secretPath: folder.path }
  return {
    ...bare(shown, folder, secret, value),
    ...described(secret),
    createdAt: secret.createdAt,
    updatedAt: secret.updatedAt,
    ...provenance(),
    secretPath: folder.path,
    ...visibility(shown, folder, secret),
    secretMetadata: secret.metadata,
    tags: secret.tags,
  }
}

function imported(shown: Shown, folder: Folder, secret: Secret, value: string): Record<string, unknown> {
  if (shown.mode === '2024') return bare(shown, folder, secret, value)
  return {
    ...bare(shown, folder, secret, value),
    ...described(secret),
    ...provenance(),
    ...visibility(shown, folder, secret),
    secretMetadata: secret.metadata,
  }
}

/** What 2024 says about a secret everywhere; all of it for a single one and for imports. */
export function bare(shown: Shown, folder: Folder, secret: Secret, value: string): Record<string, unknown> {
  return {
    id: secret.id,
    _id: secret.id,
    workspace: shown.project.id,
    environment: folder.environment.slug,
    version: secret.version,
    type: 'shared',
    secretKey: secret.name,
    secretValue: isShown(shown, folder, secret) ? value : HIDDEN,
    secretComment: secret.comment,
  }
}

const described = (secret: Secret): Record<string, unknown> => ({
  secretReminderNote: null,
  secretReminderRepeatDays: null,
  skipMultilineEncoding: secret.skipMultilineEncoding,
})

const provenance = (): Record<string, unknown> => ({
  actor: { actorId: null, actorType: null, name: null, membershipId: null, groupId: null },
  isRotatedSecret: false,
  rotationId: null,
})

const visibility = (shown: Shown, folder: Folder, secret: Secret): Record<string, unknown> => ({
  secretValueHidden: !isShown(shown, folder, secret),
})

function isShown(shown: Shown, folder: Folder, secret: Secret): boolean {
  if (shown.mode === '2024') return true
  return shown.viewValue && shown.scope.mayReadValue(folder, secret.name)
}

/** The folder's secrets with their values as the request wants them. */
export function secretsOf(shown: Shown, folder: Folder): [Secret, string][] {
  const secrets = [...folder.secrets.values()]
  if (!shown.expand) return secrets.map((secret) => [secret, secret.value])
  if (shown.mode === '2024') {
    const expand = expandOld(shown.scope, new Map(secrets.map((one) => [one.name, one.value])))
    return secrets.map((secret) => [secret, expand(secret.name)])
  }
  return secrets.map((secret) => [
    secret,
    isShown(shown, folder, secret) ? expandNow(shown.scope, folder, secret.value) : secret.value,
  ])
}

/** A single secret's value. 2024 does not see its neighbours then. */
export function singleValue(shown: Shown, folder: Folder, secret: Secret, stored: string): string {
  if (!shown.expand) return stored
  if (shown.mode === '2024') return expandOld(shown.scope, new Map([[secret.name, stored]]))(secret.name)
  return isShown(shown, folder, secret) ? expandNow(shown.scope, folder, stored) : stored
}

/** The folder's imports in their order, each with its own imports flattened into it. Nothing is merged. */
export function importsOf(shown: Shown, folder: Folder): Record<string, unknown>[] {
  return importedFolders(shown, folder).map((source) => {
    const all = flattened(shown, source, new Set([folder]))
    return {
      secretPath: source.path,
      environment: source.environment.slug,
      folderId: source.id,
      secrets: all.map(([from, secret, value]) => imported(shown, from, secret, value)),
    }
  })
}

/** The folders that it imports, nearest first; those of a right that is missing are left out, as the service does. */
export function importedFolders(shown: Shown, folder: Folder): Folder[] {
  return folder.imports.flatMap(({ environment, path }) => {
    const source = shown.project.environments.get(environment)?.folder(path)
    if (source === undefined) return []
    return shown.mode === 'current' && source.hidden && shown.viewValue ? [] : [source]
  })
}

export function flattened(shown: Shown, folder: Folder, seen: Set<Folder>): [Folder, Secret, string][] {
  if (seen.has(folder)) return []
  seen.add(folder)
  const own = secretsOf(shown, folder).map(([secret, value]): [Folder, Secret, string] => [
    folder,
    secret,
    value,
  ])
  const deeper = importedFolders(shown, folder).flatMap((one) => flattened(shown, one, seen))
  // Node keeps one of each name, the nearest; the Go rewrite keeps all.
  if (shown.mode === 'go') return [...own, ...deeper]
  const names = new Set<string>()
  return [...own, ...deeper].filter(([, { name }]) => !names.has(name) && names.add(name))
}
