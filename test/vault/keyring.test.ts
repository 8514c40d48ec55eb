import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../support/installed.ts'
import { need } from '../support/tools.ts'
import { startSecretService } from '../support/vault/secret-service.ts'

const here =
  need('dbus-daemon', "the desktop's secret service") &&
  need('gnome-keyring-daemon', "the desktop's secret service")

const KEYRING = join(CHECKOUT, 'src/adapters/vault/keyring.ts')
const TEXT = join(CHECKOUT, 'src/core/failure/words.ts')

/** Runs one expression with the adapter in a process of its own: D-Bus is found by its environment. */
function inSession(env: Record<string, string>, expression: string) {
  const script = `
    import * as keyring from ${JSON.stringify(KEYRING)}
    import { failureText } from ${JSON.stringify(TEXT)}
    const result = await (${expression})
    const shown = result.ok ? { value: Buffer.isBuffer(result.value) ? result.value.toString('hex') : result.value ?? null }
      : { reason: result.error.reason, ...failureText(result.error) }
    process.stdout.write(JSON.stringify(shown))`
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
  })
  if (run.status !== 0) throw new Error(run.stderr)
  return JSON.parse(run.stdout)
}

const ACCOUNT = "'/home/ann/identity.age'"

describe.skipIf(!here)('with a secret service', () => {
  test('a passphrase is remembered across processes, byte for byte, replaced and forgotten', async () => {
    await using service = await startSecretService()
    expect(inSession(service.env, `keyring.recalledPassphrase(${ACCOUNT})`)).toEqual({ value: null })
    for (const text of ['first wörds', 'sécond 🔑 one ']) {
      const remember = `keyring.rememberPassphrase(${ACCOUNT}, Buffer.from(${JSON.stringify(text)}))`
      expect(inSession(service.env, remember)).toEqual({ value: null })
      const recalled = inSession(service.env, `keyring.recalledPassphrase(${ACCOUNT})`)
      expect(Buffer.from(recalled.value, 'hex').toString()).toBe(text)
    }
    expect(inSession(service.env, `keyring.recalledPassphrase('/other')`)).toEqual({ value: null })
    expect(inSession(service.env, `keyring.forgetPassphrase(${ACCOUNT})`)).toEqual({ value: true })
    expect(inSession(service.env, `keyring.forgetPassphrase(${ACCOUNT})`)).toEqual({ value: false })
    expect(inSession(service.env, `keyring.recalledPassphrase(${ACCOUNT})`)).toEqual({ value: null })
  })

  test('a session bus without one is a clear failure', async () => {
    await using service = await startSecretService({ keyring: false })
    const failure = inSession(service.env, `keyring.recalledPassphrase(${ACCOUNT})`)
    expect(failure).toMatchObject({ reason: 'keyring', exitCode: 69 })
    expect(failure.message).toMatch(/none is running in this session.*--passphrase-fd/)
  })
})

describe('without a session bus', () => {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: '/nonexistent',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
  }

  test.each(['rememberPassphrase', 'recalledPassphrase', 'forgetPassphrase'])(
    '%s fails and names the other ways',
    (name) => {
      const failure = inSession(env, `keyring.${name}(${ACCOUNT}, Buffer.from('words'))`)
      expect(failure).toMatchObject({ reason: 'keyring', exitCode: 69 })
      expect(failure.message).toContain("the desktop's secret service can't be used")
      expect(failure.message).toContain('--passphrase-fd')
      expect(failure.message).not.toContain('words')
    },
  )

  test('nothing is kept in the kernel keyring instead', () => {
    inSession(env, `keyring.rememberPassphrase(${ACCOUNT}, Buffer.from('words'))`)
    const both = `keyring.rememberPassphrase(${ACCOUNT}, Buffer.from('words')).then(() => keyring.recalledPassphrase(${ACCOUNT}))`
    expect(inSession(env, both).reason).toBe('keyring')
  })
})
