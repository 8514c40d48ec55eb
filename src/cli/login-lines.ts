import type { KnownIdentity, LoggedIn } from '../app/provider/infisical/login.ts'
import type { LoggedOut } from '../app/provider/infisical/logout.ts'
import { formatDuration } from '../core/text/duration.ts'
import { relative } from '../core/text/time.ts'
import { printable, styled } from './output.ts'
import { table } from './table.ts'
import { count } from './words.ts'

export function loginLines({ name, host, clientId, lifetime }: LoggedIn): string[] {
  return [
    `${styled('green', 'logged in')}: ${printable(host)} as ${printable(clientId)}`,
    `kept in the vault as the identity ${printable(name)}; a session lives ${formatDuration(lifetime)} and is renewed while unlocked`,
  ]
}

export function identityLines(list: readonly KnownIdentity[]): string[] {
  if (list.length === 0) return ['no identity yet (next: tazpod login)']
  return table(
    ['identity', 'server', 'client id', 'trusts', 'since'],
    list.map(({ name, host, clientId, organization, ownCa, updated }) => [
      name,
      organization === null ? host : `${host} (${organization})`,
      clientId,
      ownCa ? 'its own authority' : 'the system',
      relative(Date.parse(updated)),
    ]),
  )
}

export function logoutLines({ name, revoked, failed, locked }: LoggedOut): string[] {
  const lines = [`${printable(name)} is no longer in the vault${locked ? '; this project is locked' : ''}`]
  if (revoked > 0) lines.push(`${count(revoked, 'session')} ended at the server`)
  for (const host of new Set(failed))
    lines.push(`${printable(host)} did not answer: its session ends by its own time`)
  lines.push('the client secret is still valid: revoke it in Infisical to end it for good')
  return lines
}
