import { Fields } from '../fields.ts'
import { Problem } from '../problems.ts'
import type { TestProject } from '../projects.ts'
import { cleanPath, type Environment, type Folder } from '../store.ts'
import type { Mode, Reply } from '../types.ts'
import { type Call, caller, ok, type Route } from './routes.ts'

function projectBody(call: Call, project: TestProject): Record<string, unknown> {
  project.rightsOf(caller(call))
  return {
    id: project.id,
    name: project.name,
    slug: project.slug,
    autoCapitalization: true,
    orgId: call.world.organization.id,
    createdAt: project.createdAt,
    updatedAt: project.createdAt,
    version: 2,
    upgradeStatus: null,
    pitVersionLimit: 10,
    kmsCertificateKeyId: null,
    auditLogsRetentionDays: null,
    kmsSecretManagerKeyId: null,
    _id: project.id,
    environments: [...project.environments.values()].map(({ name, slug, id }) => ({ name, slug, id })),
  }
}

const bySlug = (call: Call): Reply => ok(projectBody(call, call.world.projectBySlug(call.params.slug ?? '')))

const byId = (call: Call): Record<string, unknown> =>
  projectBody(call, call.world.projectById(call.params.id ?? ''))

function folderBody(environment: Environment, folder: Folder): Record<string, unknown> {
  return {
    id: folder.id,
    name: folder.name,
    version: 1,
    createdAt: folder.createdAt,
    updatedAt: folder.createdAt,
    envId: environment.id,
    parentId: folder.parent?.id ?? null,
    isReserved: false,
  }
}

interface FolderScope {
  project: TestProject
  environment: Environment
  path: string
}

function folderScope(call: Call, fields: Fields, project: string, path: string): FolderScope {
  const id = fields.text(project)
  const slug = fields.text('environment')
  const named = fields.optional(path) ?? fields.optional('directory') ?? '/'
  fields.check()
  const found = call.world.projectById(id)
  const rights = found.rightsOf(caller(call))
  if (!rights.read)
    throw new Problem('permission', { action: 'read', subject: 'secret-folders', path: named })
  const environment = found.environments.get(slug)
  if (environment === undefined) throw new Problem('environmentUnknown', { environment: slug, project: id })
  const clean = cleanPath(named)
  if (call.world.mode === '2024' && clean.split('/').includes('..')) throw new Problem('pathWithDots')
  return { project: found, environment, path: clean }
}

/** A path that is not there has no folders: that is no error in any generation. */
function listFolders(call: Call, project: string): Reply {
  const { environment, path } = folderScope(call, new Fields(call.query), project, 'path')
  const folder = environment.folder(path)
  const children = folder === undefined ? [] : environment.children(folder)
  return ok({ folders: children.map((child) => folderBody(environment, child)) })
}

function createFolder(call: Call, projectKey: string): Reply {
  const fields = new Fields(call.body)
  const name = fields.text('name').trim()
  if (!/^[\w-]+$/.test(name))
    fields.refuse('name', 'Folder name can only contain alphanumeric characters, dashes, and underscores')
  const { project, environment, path } = folderScope(call, fields, projectKey, 'path')
  if (!project.rightsOf(caller(call)).write) {
    throw new Problem('permission', { action: 'create', subject: 'secret-folders', path })
  }
  const full = `${path === '/' ? '' : path}/${name}`
  if (environment.folder(full) !== undefined) throw new Problem('folderExists')
  return ok({ folder: folderBody(environment, environment.makeFolder(full)) })
}

const TODAY: readonly Mode[] = ['current', 'go']

export const PROJECT_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/api/v2/workspace/:slug', for: 'machine', limit: 'read', handle: bySlug },
  {
    method: 'GET',
    path: '/api/v1/workspace/:id',
    for: 'machine',
    limit: 'read',
    handle: (call) => ok({ workspace: byId(call) }),
  },
  {
    method: 'GET',
    path: '/api/v1/workspace',
    for: 'person',
    limit: 'read',
    handle: () => {
      throw new Problem('machinesRefused', { url: '/api/v1/workspace' })
    },
  },
  {
    method: 'GET',
    path: '/api/v1/projects/slug/:slug',
    modes: TODAY,
    for: 'machine',
    limit: 'read',
    handle: bySlug,
  },
  {
    method: 'GET',
    path: '/api/v1/projects/:id',
    modes: TODAY,
    for: 'machine',
    limit: 'read',
    handle: (call) => ok({ project: byId(call) }),
  },
  {
    method: 'GET',
    path: '/api/v1/folders',
    for: 'machine',
    limit: 'read',
    handle: (call) => listFolders(call, 'workspaceId'),
  },
  {
    method: 'POST',
    path: '/api/v1/folders',
    for: 'machine',
    limit: 'write',
    handle: (call) => createFolder(call, 'workspaceId'),
  },
  {
    method: 'GET',
    path: '/api/v2/folders',
    modes: TODAY,
    for: 'machine',
    limit: 'read',
    handle: (call) => listFolders(call, 'projectId'),
  },
  {
    method: 'POST',
    path: '/api/v2/folders',
    modes: TODAY,
    for: 'machine',
    limit: 'write',
    handle: (call) => createFolder(call, 'projectId'),
  },
]
