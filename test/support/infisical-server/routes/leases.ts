import { randomUUID } from 'node:crypto'
import { Fields } from '../fields.ts'
import { Problem } from '../problems.ts'
import { cleanPath, type DynamicSecret, type Folder } from '../store.ts'
import type { Reply } from '../types.ts'
import { type Call, caller, ok, type Route } from './routes.ts'

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_557_600 }
const MINUTE = 60
const TEN_YEARS = 10 * (UNITS.y ?? 0)

/** `1h`, `30 minutes`, `2d`: in seconds, or undefined. */
function secondsOf(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text.trim()) ?? []
  const factor = UNITS[unit[0]?.toLowerCase() ?? '']
  return number === undefined || factor === undefined ? undefined : Number(number) * factor
}

function ttlIn(fields: Fields): string | undefined {
  const text = fields.optional('ttl')
  const seconds = text === undefined ? MINUTE : secondsOf(text)
  if (seconds === undefined || seconds < MINUTE) fields.refuse('ttl', 'TTL must be a greater than 1min')
  else if (seconds > TEN_YEARS) fields.refuse('ttl', 'TTL must be less than 10 years')
  return text
}

/** Named by slug, unlike everywhere else. */
function folderIn(call: Call, fields: Fields): Folder {
  const slug = fields.text('projectSlug')
  const environment = fields.text('environmentSlug')
  const path = cleanPath(fields.optional('path') ?? '/')
  fields.check()
  const project = call.world.projectBySlug(slug)
  const rights = project.rightsOf(caller(call))
  if (!rights.read) {
    throw new Problem('permission', { action: 'lease', subject: 'dynamic-secrets', environment, path })
  }
  const folder = project.environments.get(environment)?.folder(path)
  if (folder === undefined) throw new Problem('folderUnknown', { path, environment })
  return folder
}

const expiry = (call: Call, ttl: string): number => call.world.clock.now() + (secondsOf(ttl) ?? 0) * 1000

function create(call: Call): Reply {
  const fields = new Fields(call.body)
  const name = fields.text('dynamicSecretName')
  const ttl = ttlIn(fields)
  const folder = folderIn(call, fields)
  const dynamic = folder.dynamicSecrets.get(name)
  if (dynamic === undefined) throw new Problem('dynamicSecretUnknown', { name })
  if ((secondsOf(ttl ?? '1h') ?? 0) > (secondsOf(dynamic.maxTtl) ?? 0)) throw new Problem('leaseTooLong')
  const at = call.world.clock.iso()
  const lease = {
    id: randomUUID(),
    version: 1,
    externalEntityId: randomUUID(),
    expireAt: new Date(expiry(call, ttl ?? '1h')).toISOString(),
    status: null,
    statusDetails: null,
    dynamicSecretId: dynamic.id,
    createdAt: at,
    updatedAt: at,
  }
  folder.leases.set(lease.id, lease)
  return ok({ lease, dynamicSecret: described(dynamic, at), data: dynamic.data })
}

function described(dynamic: DynamicSecret, at: string): Record<string, unknown> {
  return {
    id: dynamic.id,
    name: dynamic.name,
    version: 1,
    type: 'sql-database',
    defaultTTL: '1h',
    maxTTL: dynamic.maxTtl,
    status: null,
    statusDetails: null,
    createdAt: at,
    updatedAt: at,
  }
}

function renew(call: Call): Reply {
  const fields = new Fields(call.body)
  const ttl = ttlIn(fields)
  const lease = leaseIn(call, folderIn(call, fields))
  lease.expireAt = new Date(expiry(call, ttl ?? '1h')).toISOString()
  lease.updatedAt = call.world.clock.iso()
  return ok({ lease })
}

function remove(call: Call): Reply {
  const fields = new Fields(call.body)
  const folder = folderIn(call, fields)
  const lease = leaseIn(call, folder)
  folder.leases.delete(lease.id)
  return ok({ lease })
}

/** One that is over is gone. */
function leaseIn(call: Call, folder: Folder): { id: string; expireAt: string; updatedAt: string } {
  const id = call.params.id ?? ''
  const lease = folder.leases.get(id)
  if (lease === undefined || Date.parse(lease.expireAt) <= call.world.clock.now()) {
    throw new Problem('leaseUnknown', { name: id })
  }
  return lease
}

const PATH = '/api/v1/dynamic-secrets/leases'

export const LEASE_ROUTES: readonly Route[] = [
  { method: 'POST', path: PATH, for: 'machine', limit: 'write', handle: create },
  { method: 'POST', path: `${PATH}/:id/renew`, for: 'machine', limit: 'write', handle: renew },
  { method: 'DELETE', path: `${PATH}/:id`, for: 'machine', limit: 'write', handle: remove },
]
