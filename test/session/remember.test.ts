import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { ownUid } from '../support/users.ts'
import { startSecretService } from '../support/vault/secret-service.ts'

const HAS_SERVICE = need('dbus-daemon', 'pull --remember') && need('gnome-keyring-daemon', 'pull --remember')

test.skipIf(!HAS_SERVICE)('--remember: the desktop keeps the passphrase, --forget removes it', async () => {
  await using service = await startSecretService()
  await using scratch = new Scratch(ownUid()) // a bus takes only its own user
  const env = { DBUS_SESSION_BUS_ADDRESS: service.env.DBUS_SESSION_BUS_ADDRESS }
  await makeVault(scratch, { A: 'a' })
  const unattended = () => tazpod(scratch, ['pull', '--json', '--non-interactive'], { env })
  expect((await unattended()).status).toBe(75)
  await must(scratch, ['pull', '-q', '--remember'], { env, passphrase: PASSPHRASE })
  await must(scratch, ['lock'])
  const remembered = await unattended()
  expect(remembered.stderr).toBe('')
  expect(JSON.parse(remembered.stdout).from).toBe('keyring')
  await must(scratch, ['lock'])
  await must(scratch, ['pull', '-q', '--forget'], { env, passphrase: PASSPHRASE })
  await must(scratch, ['lock'])
  expect((await unattended()).status).toBe(75)
  expect(readdirSync(join(scratch.state, 'tazpod/remember'))).toEqual([])
})

test.skipIf(!HAS_SERVICE)(
  'a keyring that went away is asked for nothing more than once, and a person is asked instead',
  async () => {
    await using scratch = new Scratch(ownUid())
    await makeVault(scratch)
    {
      await using service = await startSecretService()
      const env = { DBUS_SESSION_BUS_ADDRESS: service.env.DBUS_SESSION_BUS_ADDRESS }
      await must(scratch, ['pull', '-q', '--remember'], { env, passphrase: PASSPHRASE })
      await must(scratch, ['lock'])
    }
    const { status, stderr } = await tazpod(scratch, ['pull', '--non-interactive'])
    expect(stderr).toMatch(/^tazpod: .*(secret service|keyring)/i)
    expect(status).not.toBe(0)
    await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  },
)

test('--remember without a desktop session is a clear failure, and nothing is unlocked or noted', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  const { status, stderr } = await tazpod(scratch, ['pull', '--remember'], { passphrase: PASSPHRASE })
  expect(stderr).toMatch(/no D-Bus session here/)
  expect(status).not.toBe(0)
  expect(JSON.parse(await must(scratch, ['status', '--json'])).state).toBe('locked')
  expect(existsSync(join(scratch.state, 'tazpod/remember'))).toBe(false)
})
