import { Fields } from '../fields.ts'
import { Problem } from '../problems.ts'
import type { Reply } from '../types.ts'
import { type Call, caller, ok, type Route } from './routes.ts'

function login(call: Call): Reply {
  const fields = new Fields(call.body)
  const clientId = fields.text('clientId').trim()
  const clientSecret = fields.text('clientSecret').trim()
  fields.optional('organizationSlug')
  fields.check()
  const { world } = call
  if (world.databaseDown) throw new Problem('databaseDown', { name: 'Find one' })
  const identity = world.identityByClientId(clientId)
  if (identity === undefined) throw new Problem('invalidCredentials')
  if (!identity.allows(call.address)) throw new Problem('addressNotAllowed')
  return ok(world.tokens.issue(identity, identity.secretFor(clientSecret, world.mode)))
}

function accessToken(call: Call): string {
  const fields = new Fields(call.body)
  const token = fields.text('accessToken').trim()
  fields.check()
  return token
}

function revoke(call: Call): Reply {
  call.world.tokens.revoke(accessToken(call))
  return ok({ message: 'Successfully revoked access token' })
}

function status({ world }: Call): Reply {
  return ok({
    date: world.clock.iso(),
    message: 'Ok',
    emailConfigured: false,
    inviteOnlySignup: true,
    redisConfigured: true,
    secretScanningConfigured: false,
  })
}

function whoAmI(call: Call): Reply {
  caller(call)
  return ok({ identityDetails: { organization: call.world.organization } })
}

export const AUTH_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/api/v1/auth/universal-auth/login',
    for: 'anybody',
    limit: 'login',
    handle: login,
  },
  {
    method: 'POST',
    path: '/api/v1/auth/token/renew',
    for: 'anybody',
    limit: 'renew',
    handle: (call) => ok(call.world.tokens.renew(accessToken(call))),
  },
  { method: 'POST', path: '/api/v1/auth/token/revoke', for: 'anybody', limit: 'write', handle: revoke },
  { method: 'GET', path: '/api/status', for: 'anybody', limit: 'none', handle: status },
  {
    method: 'GET',
    path: '/api/v1/identities/details',
    modes: ['current', 'go'],
    for: 'machine',
    limit: 'read',
    handle: whoAmI,
  },
]
