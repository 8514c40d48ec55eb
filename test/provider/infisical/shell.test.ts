/** A session that is opened from inside `tazpod shell`: kept alive and ended at the server like any other. */
import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { lab, member, pull } from '../../support/infisical.ts'
import { tazpodBinary } from '../../support/installed.ts'
import { must, PASSPHRASE } from '../../support/project.ts'
import { Scratch } from '../../support/scratch.ts'
import { footerShows, ready, shellAtTerminal } from '../../support/shell/session.ts'
import { until } from '../../support/until.ts'
import { isRoot } from '../../support/users.ts'

vi.setConfig({ testTimeout: 120_000 })

const YAML = `version: 1
provider: infisical
infisical: { project: lab, environment: prod }
secrets:
  - { name: TOKEN, env: TOKEN_FILE }
`

test.each(['the shell of the session', 'a shell within that shell'])('pull typed in %s', async (where) => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'one' }, ttl: 600 })
  await using server = here.server
  await member(scratch, here, YAML)
  expect((await pull(scratch)).status).toBe(0)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  await must(scratch, ['lock'])
  await footerShows(shell, 'LOCKED')
  const monitors = () => scratch.processes().filter(({ command }) => command.includes('ghost monitor'))
  expect(await until(() => monitors().length === 0)).toBe(true)
  const ended = () => server.requests.filter(({ path }) => path.endsWith('/revoke')).length
  const before = ended()

  shell.line(
    where.startsWith('a shell')
      ? `'${tazpodBinary()}' exec -- bash --norc -c '"$0" pull' '${tazpodBinary()}'`
      : `'${tazpodBinary()}' pull`,
  )
  await shell.waitForText('Passphrase of the vault:')
  shell.line(PASSPHRASE)
  await shell.waitForText(/^unlocked:/m)
  await footerShows(shell, 'unlocked')
  expect(await until(() => monitors().length === 1)).toBe(true)
  if (isRoot()) {
    // It is outside: nothing of the shell's view lives on with it.
    expect(readFileSync(`/proc/${monitors()[0]?.pid}/mountinfo`, 'utf8')).not.toMatch(
      / - (tmpfs|ramfs) tazpod /,
    )
  }
  expect(JSON.parse(await must(scratch, ['status', '--json'])).refresh.state).toBe('waiting')
  shell.line('exit')
  await shell.exit()
  expect(monitors()).toHaveLength(1) // it is the holder's, not the shell's
  await must(scratch, ['lock'])
  expect(await until(() => ended() === before + 1, 20_000)).toBe(true)
  expect(await until(() => scratch.processes().length === 0)).toBe(true)
})

test('pulled in the shell while unlocked: a monitor that was killed is replaced, outside of the shell', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'one' }, ttl: 600 })
  await using server = here.server
  await member(scratch, here, YAML)
  expect((await pull(scratch)).status).toBe(0)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  const monitors = () => scratch.processes().filter(({ command }) => command.includes('ghost monitor'))
  const [first] = monitors()
  process.kill(first?.pid ?? 0, 'SIGKILL')
  const isThere = async () => JSON.parse(await must(scratch, ['status', '--json'])).refresh.monitor
  expect(await until(async () => !(await isThere()))).toBe(true)
  shell.line(`'${tazpodBinary()}' pull`)
  await shell.waitForText('Passphrase of the vault:') // nobody is left who could fetch without it
  shell.line(PASSPHRASE)
  await shell.waitForText(/^unlocked:/m)
  expect(await isThere()).toBe(true)
  expect(await until(() => monitors().length === 1)).toBe(true)
  if (isRoot())
    expect(readFileSync(`/proc/${monitors()[0]?.pid}/mountinfo`, 'utf8')).not.toMatch(
      / - (tmpfs|ramfs) tazpod /,
    )
  shell.line('exit')
  await shell.exit()
  await must(scratch, ['lock'])
  expect(await until(() => server.requests.some(({ path }) => path.endsWith('/revoke')), 20_000)).toBe(true)
  expect(await until(() => scratch.processes().length === 0)).toBe(true)
})
