import { Fields } from '../fields.ts'
import {
  bare,
  flattened,
  importedFolders,
  importsOf,
  listed,
  type Shown,
  secretsOf,
  singleValue,
} from '../listing.ts'
import { Problem } from '../problems.ts'
import {
  findPlace,
  folderOf,
  namedIn,
  type Place,
  requireRead,
  shownFor,
  type Version,
} from '../secret-scope.ts'
import type { Folder, Secret } from '../store.ts'
import type { Mode, Reply } from '../types.ts'
import { type Call, ok, type Route } from './routes.ts'

const importFlag = (version: Version): string => (version === 4 ? 'includeImports' : 'include_imports')

function list(version: Version, call: Call): Reply {
  const { mode } = call.world
  const fields = new Fields(call.query)
  const named = namedIn(fields, version, mode)
  const expand = fields.flag('expandSecretReferences', mode !== '2024')
  const recursive = fields.flag('recursive', false)
  const withImports = fields.flag(importFlag(version), version === 4)
  const viewValue = mode === '2024' || fields.flag('viewSecretValue', true)
  if (version === 4) fields.flag('includePersonalOverrides', false)
  const wanted = filterOf(fields)
  fields.check()
  const place = findPlace(call, named)
  requireRead(mode, place, viewValue)
  if (place.folder === undefined && mode === '2024') return ok({ secrets: [], imports: [] })
  refuseUnknownEnvironment(mode, place)
  const folder = folderOf(place)
  const shown = shownFor(call, place, expand, viewValue)
  const folders = recursive
    ? folder.environment.tree(folder).filter((one) => isListed(shown, folder, one))
    : [folder]
  const secrets = folders.flatMap((one) =>
    secretsOf(shown, one)
      .filter(([secret]) => wanted(secret) && (one === folder || isListed(shown, folder, one, secret)))
      .map(([secret, value]) => listed(shown, one, secret, value)),
  )
  const imports = withImports ? folders.flatMap((one) => importsOf(shown, one)) : []
  if (mode === '2024' || version === 3) return ok({ secrets, imports })
  // "imports" may be absent: Node leaves it out when it was not asked for, Go also when there are none.
  const absent = mode === 'go' ? imports.length === 0 : !withImports
  return ok(absent ? { secrets } : { secrets, imports })
}

/** In a recursive list what lies deeper and may not be read is left out. */
function isListed(shown: Shown, asked: Folder, folder: Folder, secret?: Secret): boolean {
  if (shown.mode === '2024' || folder === asked || !shown.viewValue) return true
  if (secret === undefined) return !folder.hidden
  return shown.mode !== 'go' || shown.scope.mayReadValue(folder, secret.name)
}

function refuseUnknownEnvironment(mode: Mode, { project, environment }: Place): void {
  if (mode !== 'go' || project.environments.has(environment)) return
  throw new Problem('environmentUnknown', { environment, project: project.id })
}

/** `tagSlugs=a,b` and `metadataFilter=key=a,value=b|key=c,value=d`. */
function filterOf(fields: Fields): (secret: Secret) => boolean {
  const slugs = fields
    .optional('tagSlugs')
    ?.split(',')
    .map((slug) => slug.trim())
  const pairs = fields
    .optional('metadataFilter')
    ?.split('|')
    .map((pair) => new Map(pair.split(',').map((part): [string, string] => cut(part))))
  if (pairs !== undefined && pairs.length > 10) {
    fields.refuse('metadataFilter', 'You can only filter by up to 10 metadata fields')
  }
  return (secret) => {
    const tagged = slugs === undefined || secret.tags.some(({ slug }) => slugs.includes(slug))
    const described = (pair: ReadonlyMap<string, string>): boolean =>
      secret.metadata.some(
        ({ key, value }) => key === pair.get('key') && value === (pair.get('value') ?? value),
      )
    return tagged && (pairs === undefined || pairs.every(described))
  }
}

function cut(part: string): [string, string] {
  const at = part.indexOf('=')
  return [part.slice(0, at).trim(), part.slice(at + 1).trim()]
}

function get(version: Version, call: Call): Reply {
  const { mode } = call.world
  const name = call.params.name ?? ''
  const fields = new Fields(call.query)
  const named = namedIn(fields, version, mode)
  const expand = fields.flag('expandSecretReferences', mode !== '2024')
  const withImports = fields.flag(importFlag(version), version === 4)
  const viewValue = mode === '2024' || fields.flag('viewSecretValue', true)
  const wantedVersion = fields.number('version')
  const type = fields.optional('type') ?? 'shared'
  fields.check()
  const place = findPlace(call, named)
  requireRead(mode, place, viewValue)
  refuseUnknownEnvironment(mode, place)
  const folder = folderOf(place)
  const shown = shownFor(call, place, expand, viewValue)
  const secret = folder.secrets.get(name)
  if (type !== 'shared' || secret === undefined) {
    const found = withImports && type === 'shared' ? findImported(shown, folder, name) : undefined
    if (found === undefined) throw new Problem('secretUnknown', { name })
    const [from, importedSecret, value] = found
    return ok({ secret: single(shown, from, importedSecret, value, false) })
  }
  const stored = wantedVersion === undefined ? secret.value : secret.history.get(wantedVersion)
  // 2024 answers a version that never was with the one that is.
  if (stored === undefined && mode !== '2024') throw new Problem('secretUnknown', { name })
  const shownVersion = {
    ...secret,
    version: stored === undefined ? secret.version : (wantedVersion ?? secret.version),
  }
  if (mode === 'current' && viewValue && secret.hidden) {
    throw new Problem('permission', { action: 'readValue', environment: place.environment, path: place.path })
  }
  const value = singleValue(shown, folder, secret, stored ?? secret.value)
  return ok({
    secret: single(shown, folder, shownVersion, value, wantedVersion === undefined && !withImports),
  })
}

/** Among imports the last one wins. */
function findImported(shown: Shown, folder: Folder, name: string): [Folder, Secret, string] | undefined {
  for (const source of importedFolders(shown, folder).toReversed()) {
    const found = flattened(shown, source, new Set([folder])).find(([, secret]) => secret.name === name)
    if (found !== undefined) return found
  }
  return undefined
}

function single(shown: Shown, folder: Folder, secret: Secret, value: string, withTags: boolean): unknown {
  if (shown.mode !== '2024') return listed(shown, folder, secret, value)
  const body = bare(shown, folder, secret, value)
  return withTags ? { ...body, tags: secret.tags } : body
}

function getById(call: Call): Reply {
  const id = call.params.id ?? ''
  for (const project of call.world.projects()) {
    for (const environment of project.environments.values()) {
      const root = environment.folder('/')
      for (const folder of root ? environment.tree(root) : []) {
        const secret = [...folder.secrets.values()].find((one) => one.id === id)
        if (secret === undefined) continue
        const named = {
          projectId: project.id,
          slug: undefined,
          environment: environment.slug,
          path: folder.path,
        }
        const place = findPlace(call, named)
        requireRead(call.world.mode, place, true)
        return ok({ secret: listed(shownFor(call, place, false, true), folder, secret, secret.value) })
      }
    }
  }
  throw new Problem('secretUnknown', { name: id })
}

const V3: readonly Mode[] = ['2024', 'current']
const V4: readonly Mode[] = ['current', 'go']

export const READ_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v3/secrets/raw',
    modes: V3,
    for: 'machine',
    limit: 'list',
    handle: (call) => list(3, call),
  },
  {
    method: 'GET',
    path: '/api/v3/secrets/raw/:name',
    modes: V3,
    for: 'machine',
    limit: 'get',
    handle: (call) => get(3, call),
  },
  {
    method: 'GET',
    path: '/api/v4/secrets',
    modes: V4,
    for: 'machine',
    limit: 'list',
    handle: (call) => list(4, call),
  },
  {
    method: 'GET',
    path: '/api/v4/secrets/id/:id',
    modes: V4,
    for: 'machine',
    limit: 'get',
    handle: getById,
  },
  {
    method: 'GET',
    path: '/api/v4/secrets/:name',
    modes: V4,
    for: 'machine',
    limit: 'get',
    handle: (call) => get(4, call),
  },
]
