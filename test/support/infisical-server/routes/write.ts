import { randomUUID } from 'node:crypto'
import { Fields } from '../fields.ts'
import { bare, listed } from '../listing.ts'
import { Problem } from '../problems.ts'
import { findPlace, folderOf, namedIn, type Place, shownFor, type Version } from '../secret-scope.ts'
import { changeSecret, type Folder, newSecret, type Secret, type SecretExtra } from '../store.ts'
import type { Mode, Reply } from '../types.ts'
import { type Call, caller, ok, type Route } from './routes.ts'

type Action = 'create' | 'edit' | 'delete'

interface Change {
  name: string
  newName: string | undefined
  value: string | undefined
  extra: SecretExtra
}

/** Whitespace around a value is lost; of line ends at its end one is kept. */
function trimmedValue(value: string): string {
  return value.endsWith('\n') ? `${value.trim()}\n` : value.trim()
}

function changeIn(fields: Fields, mode: Mode, name: string, action: Action): Change {
  const clean = mode === '2024' ? name : name.trim()
  if (mode !== '2024' && (clean === '' || /[:/]/.test(clean))) {
    fields.refuse('secretName', 'Secret name cannot be empty or contain colons or slashes')
  }
  // 2024 insists on a value even to rename.
  const needed = action === 'create' || (action === 'edit' && mode === '2024')
  const value = needed ? fields.text('secretValue') : fields.optional('secretValue')
  const comment = fields.optional('secretComment')
  const metadata = mode === '2024' ? undefined : fields.metadata('secretMetadata')
  return {
    name: clean,
    newName: fields.optional('newSecretName'),
    value: value === undefined ? undefined : trimmedValue(value),
    extra: { ...(comment !== undefined && { comment }), ...(metadata !== undefined && { metadata }) },
  }
}

/** The folder to write in, when the identity may. */
function writable(place: Place, action: Action): Folder {
  const { environment, path } = place
  if (!place.rights.write) throw new Problem('permission', { action, environment, path })
  return folderOf(place)
}

function write(version: Version, action: Action, call: Call): Reply {
  const { mode } = call.world
  const fields = new Fields(call.body)
  const named = namedIn(fields, version, mode)
  const change = changeIn(fields, mode, call.params.name ?? '', action)
  fields.check()
  const place = findPlace(call, named)
  const folder = writable(place, action)
  if (folder.needsApproval) return approval(call, folder)
  const secret = perform(call, folder, action, change)
  return ok({ secret: written(call, place, folder, secret) })
}

function perform(call: Call, folder: Folder, action: Action, change: Change): Secret {
  const at = call.world.clock.iso()
  const { name, newName, value, extra } = change
  const found = folder.secrets.get(name)
  if (action === 'create') {
    if (found !== undefined) throw new Problem('secretExists')
    const secret = newSecret(name, value ?? '', at, extra)
    folder.secrets.set(name, secret)
    return secret
  }
  if (found === undefined) throw new Problem('secretUnknownToWrite', { name })
  if (action === 'delete') {
    folder.secrets.delete(name)
    return found
  }
  changeSecret(found, value ?? found.value, at, extra)
  if (newName !== undefined && newName !== name) {
    if (folder.secrets.has(newName)) throw new Problem('secretExists')
    folder.secrets.delete(name)
    found.name = newName
    folder.secrets.set(newName, found)
  }
  return found
}

function written(call: Call, place: Place, folder: Folder, secret: Secret): Record<string, unknown> {
  const shown = shownFor(call, place, false, true)
  const show = call.world.mode === '2024' ? bare : listed
  return show(shown, folder, secret, secret.value)
}

/** What a write under a policy answers: 200, and nothing was written. */
function approval(call: Call, folder: Folder): Reply {
  const at = call.world.clock.iso()
  const body = {
    id: randomUUID(),
    policyId: randomUUID(),
    hasMerged: false,
    status: 'open',
    conflicts: null,
    slug: randomUUID().slice(0, 8),
    folderId: folder.id,
    createdAt: at,
    updatedAt: at,
    isReplicated: false,
    committerUserId: null,
    committerIdentityId: caller(call).id,
  }
  return ok({ approval: body })
}

function batch(version: Version, action: Action, call: Call): Reply {
  const { mode } = call.world
  const fields = new Fields(call.body)
  const named = namedIn(fields, version, mode)
  const entries = fields.list('secrets')
  fields.check()
  const changes = entries.map((entry) => {
    const one = new Fields(entry)
    const change = changeIn(one, mode, one.text('secretKey'), action)
    one.check()
    return change
  })
  const place = findPlace(call, named)
  const folder = writable(place, action)
  if (folder.needsApproval) return approval(call, folder)
  refuseHalf(folder, action, changes)
  const secrets = changes.map((change) => written(call, place, folder, perform(call, folder, action, change)))
  // 2024 reports a secret that it has just made as version 0.
  return ok({
    secrets:
      mode === '2024' && action === 'create' ? secrets.map((one) => ({ ...one, version: 0 })) : secrets,
  })
}

/** A batch happens whole or not at all. */
function refuseHalf(folder: Folder, action: Action, changes: readonly Change[]): void {
  const names = new Set(folder.secrets.keys())
  for (const { name } of changes) {
    if (action === 'create' && names.has(name)) throw new Problem('secretExists')
    if (action !== 'create' && !names.has(name)) throw new Problem('secretUnknownToWrite', { name })
    if (action === 'create') names.add(name)
    if (action === 'delete') names.delete(name)
  }
}

function move(call: Call): Reply {
  const fields = new Fields(call.body)
  const projectId = fields.text('projectId')
  const place = (kind: string): { environment: string; path: string } => ({
    environment: fields.text(`${kind}Environment`),
    path: fields.text(`${kind}SecretPath`),
  })
  const [from, to] = [place('source'), place('destination')]
  const ids = fields.list('secretIds')
  fields.check()
  const named = { projectId, slug: undefined }
  const source = writable(findPlace(call, { ...named, ...from }), 'delete')
  const target = writable(findPlace(call, { ...named, ...to }), 'create')
  const moving = [...source.secrets.values()].filter(({ id }) => ids.includes(id))
  if (moving.length !== ids.length) throw new Problem('secretUnknownToWrite', { name: ids.join(', ') })
  if (source.needsApproval || target.needsApproval) {
    return ok({ isSourceUpdated: false, isDestinationUpdated: false })
  }
  if (moving.some(({ name }) => target.secrets.has(name))) throw new Problem('secretExists')
  for (const secret of moving) {
    source.secrets.delete(secret.name)
    target.secrets.set(secret.name, secret)
  }
  return ok({ isSourceUpdated: true, isDestinationUpdated: true })
}

const METHODS = { POST: 'create', PATCH: 'edit', DELETE: 'delete' } as const
const V3: readonly Mode[] = ['2024', 'current']
const V4: readonly Mode[] = ['current', 'go']

/** The three methods of one path. */
function routes(
  path: string,
  version: Version,
  handle: (version: Version, action: Action, call: Call) => Reply,
): Route[] {
  return (['POST', 'PATCH', 'DELETE'] as const).map((method) => ({
    method,
    path,
    modes: version === 3 ? V3 : V4,
    for: 'machine',
    limit: 'write',
    handle: (call) => handle(version, METHODS[method], call),
  }))
}

export const WRITE_ROUTES: readonly Route[] = [
  ...routes('/api/v3/secrets/batch/raw', 3, batch),
  ...routes('/api/v4/secrets/batch', 4, batch),
  { method: 'POST', path: '/api/v4/secrets/move', modes: V4, for: 'machine', limit: 'write', handle: move },
  ...routes('/api/v3/secrets/raw/:name', 3, write),
  ...routes('/api/v4/secrets/:name', 4, write),
]
