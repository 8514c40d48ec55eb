/** `migrate sops` and `castle publish` where the store is Infisical, and it refuses in the middle. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canary, scan } from '../support/canary.ts'
import { castle, castleSecrets, kubeconfig, talosconfig } from '../support/castle/castle.ts'
import { sopsDotenv } from '../support/castle/sops-writer.ts'
import { lab, labCastle, login, MODES, member, PLACE } from '../support/infisical.ts'
import { tazpodBinary } from '../support/installed.ts'
import { makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

test.skipIf(!need('age-keygen', 'the farewell to SOPS'))(
  'a refusal in the middle of apply keeps every file; the next apply goes on, and finish deletes',
  async () => {
    await using scratch = new Scratch()
    const here = await lab()
    await using _server = here.server
    await member(scratch, here, `version: 1\nprovider: infisical\n${PLACE}\n`)
    const identity = (await run(scratch, ['age-keygen'])).stdout
    const keyFile = scratch.file('keys.txt', identity)
    const values = { FIRST: canary('first'), SECOND: canary('second'), THIRD: canary('third') }
    const recipients = [/age1\w+/.exec(identity)?.[0] ?? '']
    scratch.file('project/app.enc.env', await sopsDotenv(values, { recipients }), 0o644)
    const migrate = (step: string) =>
      tazpod(scratch, ['migrate', 'sops', step, '--json'], {
        passphrase: PASSPHRASE,
        env: { SOPS_AGE_KEY_FILE: keyFile },
      })
    const names = Object.keys(JSON.parse((await migrate('--plan')).stdout).values ?? {})
    expect(names).toHaveLength(3)

    here.server.fault({
      kind: 'status',
      status: 403,
      match: ({ method, url }) => method === 'POST' && url.includes('SECOND'),
      times: 1,
    })
    const refused = await migrate('--apply')
    expect(refused.status, refused.stderr + refused.stdout).not.toBe(0)
    expect((await migrate('--finish')).status).not.toBe(0)
    expect(existsSync(join(scratch.project, 'app.enc.env'))).toBe(true)

    for (const step of ['--apply', '--verify', '--finish']) {
      const done = await migrate(step)
      expect(done, done.stderr).toMatchObject({ status: 0 })
    }
    expect(existsSync(join(scratch.project, 'app.enc.env'))).toBe(false)
    for (const [name, value] of Object.entries(values)) {
      const stored = ['', 'APP_', 'APP_ENV_'].map((prefix) => here.project.get('prod', '/', prefix + name))
      expect(stored).toContain(value)
    }
    expect(scan([scratch.root], Object.values(values))).toEqual([])
  },
)

test.each(MODES)('%s: kubeconfig and talosconfig reach the server byte for byte', async (mode) => {
  await using scratch = new Scratch()
  const here = await lab({ mode, secrets: castleSecrets('blue') })
  await using _server = here.server
  await makeVault(scratch)
  expect((await login(scratch, here)).status).toBe(0)
  const blue = await labCastle(scratch, here)
  const kube = canary('kube')
  const config = kubeconfig('10.0.10.10').replace('token: t', `token: ${kube}`)
  const script = `printf %s "$1" >"$TAZPOD_GHOST/work/kubeconfig"; printf %s "$2" >"$TAZPOD_GHOST/work/talosconfig"; "$0" castle publish --from work --passphrase-fd 3 3<pass`
  scratch.file(`${blue.slice(scratch.home.length + 1)}/pass`, PASSPHRASE)
  const publish = ['sh', '-c', script, tazpodBinary(), config, talosconfig('10.0.10.11')]
  for (const change of ['updated', 'same']) {
    const done = await tazpod(scratch, ['exec', '--', ...publish], { cwd: blue })
    expect(done, done.stderr).toMatchObject({ status: 0 })
    expect(done.stdout).toMatch(new RegExp(`kubeconfig .*${change}`))
    expect(here.project.get('prod', '/', 'BLUE_B1E00000_KUBECONFIG_CONTENT')).toBe(config)
  }
  expect(scan([scratch.root], [kube])).toEqual([])
  expect((await castle(scratch, blue, ['publish', '--from', 'work'])).status).toBe(64)
  await must(scratch, ['lock'], { cwd: blue })
})
