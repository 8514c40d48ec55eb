/** `castle apply` at a terminal: one Ctrl-C is one interrupt, a closed terminal loses no state. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readyCastle } from '../support/castle/castle.ts'
import { tazpodBinary } from '../support/installed.ts'
import { killed } from '../support/processes.ts'
import { PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { startTazpod } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'
import { until } from '../support/until.ts'

const SLOW = `
resource "terraform_data" "slow" {
  triggers_replace = timestamp()
  provisioner "local-exec" {
    command = "trap '' INT HUP; echo PROVISIONING; touch started; while :; do sleep 0.1; done"
  }
}
`

describe.skipIf(!need('terraform', 'interrupting castle apply'))('castle apply', () => {
  let scratch: Scratch
  let blue: string
  beforeAll(async () => {
    scratch = new Scratch()
    blue = await readyCastle(scratch)
    const main = join(blue.slice(scratch.home.length + 1), 'main.tf')
    scratch.file(main, readFileSync(join(blue, 'main.tf'), 'utf8') + SLOW, 0o644)
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  const APPLY = ['castle', 'apply', '--', '-auto-approve', '-no-color']
  const tainted = (): boolean => {
    const state = JSON.parse(readFileSync(join(blue, 'terraform.tfstate'), 'utf8'))
    const slow = state.resources.find((resource: { name: string }) => resource.name === 'slow')
    return slow?.instances[0].status === 'tainted' && !existsSync(join(blue, '.terraform.tfstate.lock.info'))
  }

  test('one Ctrl-C: terraform stops gracefully, its state is written and backed up', async () => {
    await using terminal = new Terminal(scratch, [tazpodBinary(), ...APPLY], { cwd: blue })
    await terminal.waitForText('Passphrase of the vault:')
    terminal.line(PASSPHRASE)
    await terminal.waitForText('(local-exec): PROVISIONING', 30_000)
    terminal.type(KEY.ctrlC)
    expect(await terminal.exit()).toEqual({ exitCode: 1, signal: 0 })
    expect(terminal.text().match(/Gracefully shutting down/g)).toHaveLength(1)
    expect(terminal.text()).not.toContain('Two interrupts')
    expect(terminal.text()).toContain('state in the vault')
    expect(tainted()).toBe(true)
  })

  test.each(['SIGTERM', 'SIGHUP'] as const)('%s: the same', async (signal) => {
    const child = startTazpod(scratch, APPLY, { passphrase: PASSPHRASE, cwd: blue })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (out += chunk))
    const ended = new Promise((resolve) => child.once('close', (...how) => resolve(how)))
    expect(await until(() => out.includes('(local-exec): PROVISIONING'), 30_000), out).toBe(true)
    child.kill(signal)
    expect(await ended, out).toEqual([1, null])
    expect(out.match(/Gracefully shutting down/g)).toHaveLength(1)
    expect(out).not.toContain('Two interrupts')
    expect(tainted()).toBe(true)
  })

  test.each(['at a terminal', 'in a pipe'] as const)(
    'SIGKILL of tazpod %s: terraform goes on, and writes its state',
    async (where) => {
      const main = join(blue, 'main.tf')
      const before = readFileSync(main, 'utf8')
      writeFileSync(main, before.replace('while :; do sleep 0.1; done', 'sleep 2; seq 1 20000'))
      rmSync(join(blue, 'started'), { force: true })
      await using terminal =
        where === 'in a pipe' ? undefined : new Terminal(scratch, [tazpodBinary(), ...APPLY], { cwd: blue })
      const child = terminal ? undefined : startTazpod(scratch, APPLY, { passphrase: PASSPHRASE, cwd: blue })
      await terminal?.waitForText('Passphrase of the vault:')
      terminal?.line(PASSPHRASE)
      for (const stream of [child?.stdout, child?.stderr]) stream?.on('data', () => {})
      expect(await until(() => existsSync(join(blue, 'started')), 30_000)).toBe(true)
      const pid = scratch.processes().find(({ command }) => /castle apply/.test(command))?.pid
      await killed(pid ?? 0)
      expect(await until(() => !existsSync(join(blue, '.terraform.tfstate.lock.info')), 20_000)).toBe(true)
      const state = JSON.parse(readFileSync(join(blue, 'terraform.tfstate'), 'utf8'))
      const slow = state.resources.find((resource: { name: string }) => resource.name === 'slow')
      expect(slow?.instances[0].status).toBeUndefined()
      writeFileSync(main, before)
    },
  )
})
