import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canary, scan } from '../../support/canary.ts'
import { inside, lab, member, pull } from '../../support/infisical.ts'
import { must } from '../../support/project.ts'
import { Scratch } from '../../support/scratch.ts'
import { tazpod } from '../../support/tazpod.ts'

const yaml = (offline: string) => `version: 1
provider: infisical
infisical: { project: lab, environment: prod${offline} }
secrets:
  - { name: TOKEN, env: TOKEN_FILE }
  - { name: SESSION, identity: token }
commands:
  sh: { secrets: [TOKEN] }
  cat: { secrets: [SESSION] }
`

test('a project that allows it works on without the server, and says how old the copy is', async () => {
  await using scratch = new Scratch()
  const value = canary('token')
  const unused = canary('unused')
  const here = await lab({ secrets: { TOKEN: value, UNUSED: unused } })
  await member(scratch, here, yaml(', offline: true'))
  expect((await pull(scratch)).status).toBe(0)
  const folder = join(scratch.state, 'tazpod/offline')
  const [file = ''] = readdirSync(folder)
  expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(folder, file), 'latin1')).toMatch(/^age-encryption\.org\/v1\n/)
  expect(scan([scratch.root], [value, unused])).toEqual([])
  await must(scratch, ['lock'])
  await here.server[Symbol.asyncDispose]()

  const fallback = await pull(scratch)
  expect(fallback.status).toBe(0)
  expect(fallback.stderr).toContain("can't be reached: nothing answers")
  expect(fallback.stdout).toMatch(/1 secret from the copy of \d{4}-\d\d-\d\d .*\), not from infisical/)
  expect(await inside(scratch, 'cat "$TOKEN_FILE"')).toBe(value)
  // There is no token in it: what needs one is refused, not started without.
  const refused = await tazpod(scratch, ['exec', '--', 'cat', '/dev/null'])
  expect(refused).toMatchObject({ status: 65, stdout: '' })
  expect(refused.stderr).toContain('identity.token')
  const chosen = JSON.parse((await pull(scratch, ['--offline', '--json'])).stdout)
  expect(chosen.copyOf).toMatch(/^\d{4}-/)
})

test('a project that does not allow it keeps no copy', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'x' } })
  await member(scratch, here, yaml(''))
  expect((await pull(scratch)).status).toBe(0)
  expect(readdirSync(join(scratch.state, 'tazpod'))).not.toContain('offline')
  const asked = await pull(scratch, ['--offline'])
  expect(asked.status).toBe(64)
  expect(asked.stderr).toContain('keeps no copy')
  await must(scratch, ['lock'])
  await here.server[Symbol.asyncDispose]()
  expect((await pull(scratch)).status).toBe(69)
})

test('a refusal is no outage: the copy does not stand in for it', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'x' } })
  await using server = here.server
  await member(scratch, here, yaml(', offline: true'))
  expect((await pull(scratch)).status).toBe(0)
  here.project.revokeAccess(here.identity)
  expect((await pull(scratch)).status).toBe(77)
  here.project.grant(here.identity, { read: true, readValue: true })
  server.fault({ kind: 'html-200', match: /secrets/, times: 9 })
  expect((await pull(scratch)).status).toBe(69)
})

test('a damaged or foreign copy is refused', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'x' } })
  await using _server = here.server
  await member(scratch, here, yaml(', offline: true'))
  await pull(scratch)
  const folder = join(scratch.state, 'tazpod/offline')
  const file = join(folder, readdirSync(folder)[0] ?? '')
  const bytes = readFileSync(file)
  bytes[bytes.length - 5]! ^= 1
  writeFileSync(file, bytes)
  const done = await pull(scratch, ['--offline'])
  expect(done.status).toBe(65)
  expect(done.stderr).toContain(file)
})
