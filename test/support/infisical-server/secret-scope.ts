import type { Fields } from './fields.ts'
import type { Shown } from './listing.ts'
import { Problem } from './problems.ts'
import type { Rights, TestProject } from './projects.ts'
import { type Call, caller } from './routes/routes.ts'
import { cleanPath, type Folder } from './store.ts'
import type { Mode } from './types.ts'

export type Version = 3 | 4

/** The place that a request about secrets names. */
export interface Place {
  readonly project: TestProject
  readonly environment: string
  readonly path: string
  readonly rights: Rights
  /** Undefined: there is no such environment or path. */
  readonly folder: Folder | undefined
}

export interface Named {
  readonly projectId: string | undefined
  readonly slug: string | undefined
  readonly environment: string | undefined
  readonly path: string
}

/** Reads the names; `Fields.check` and then `findPlace` come after all others were read. */
export function namedIn(fields: Fields, version: Version, mode: Mode): Named {
  const path = fields.optional('secretPath') ?? '/'
  // The Go rewrite checks by hand what Node leaves to its schema.
  const strict = version === 4 && mode !== 'go'
  const read = (name: string): string | undefined => (strict ? fields.text(name) : fields.optional(name))
  return version === 4
    ? { projectId: read('projectId'), slug: undefined, environment: read('environment'), path }
    : {
        projectId: fields.optional('workspaceId'),
        slug: fields.optional('workspaceSlug'),
        environment: fields.optional('environment'),
        path,
      }
}

export function findPlace(call: Call, named: Named): Place {
  const { world } = call
  const { environment } = named
  const project = named.projectId
    ? world.projectById(named.projectId)
    : named.slug
      ? world.projectBySlug(named.slug)
      : undefined
  if (project === undefined || !environment) throw new Problem('scopeMissing')
  const rights = project.rightsOf(caller(call))
  const path = cleanPath(named.path)
  if (world.mode === '2024' && path.split('/').includes('..')) throw new Problem('pathWithDots')
  const folder = project.environments.get(environment)?.folder(path)
  return { project, environment, path, rights, folder }
}

export function folderOf(place: Place): Folder {
  if (place.folder !== undefined) return place.folder
  throw new Problem('folderUnknown', { path: place.path, environment: place.environment })
}

export function mayReadValue(place: Place, folder: Folder, name: string): boolean {
  return place.rights.readValue && !folder.hidden && folder.secrets.get(name)?.hidden !== true
}

/**
 * 2024: reading is one right. Today whoever asks for values must be allowed to see those of the place asked for, or
 * the whole request is refused; the Go rewrite hides them instead.
 */
export function requireRead(mode: Mode, place: Place, viewValue: boolean): void {
  const { environment, path } = place
  if (mode === '2024') {
    if (!place.rights.read) throw new Problem('permission', { action: 'read' })
    return
  }
  if (!place.rights.read) throw new Problem('permission', { action: 'describeSecret', environment, path })
  const hidden = !place.rights.readValue || place.folder?.hidden === true
  if (mode === 'current' && viewValue && hidden) {
    throw new Problem('permission', { action: 'readValue', environment, path })
  }
}

export function shownFor(call: Call, place: Place, expand: boolean, viewValue: boolean): Shown {
  const { world } = call
  const { project } = place
  return {
    project,
    mode: world.mode,
    expand,
    viewValue,
    scope: {
      mode: world.mode,
      project,
      projectBySlug: (slug) => readableProject(call, slug),
      mayReadValue: (folder, name) => mayReadValue(place, folder, name),
    },
  }
}

/** Another project that a reference names: without the right to its values the whole request is refused. */
function readableProject(call: Call, slug: string): TestProject | undefined {
  const found = call.world.findSlug(slug)
  const rights = found?.rightsOf(caller(call))
  if (rights !== undefined && !(rights.read && rights.readValue)) {
    throw new Problem('permission', { action: 'readValue' })
  }
  return found
}
