/** The real terraform with its secrets in a bound tfvars file, beside the same run with a file on the disk. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startedAs, WAYS, type Way } from '../support/both-ways.ts'
import { Scratch } from '../support/scratch.ts'
import { held } from '../support/story.ts'
import { type Run, run, startTazpod, tazpod } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'
import { until } from '../support/until.ts'

const PASSWORD = `pa"ss \${no} %{no} 'é' \\ end`
const IN_TFVARS = `db_password = "pa\\"ss $\${no} %%{no} 'é' \\\\ end"\n`
const CONFIG = `version: 1
provider: vault
binds:
  - { path: infra/secrets.auto.tfvars, format: tfvars, values: { db_password: DB_PASSWORD } }
`
/** Needs no provider from the network. The provisioner of `slow` runs until it is killed. */
const MODULE = `
variable "db_password" {
  type      = string
  sensitive = true
}
variable "slow" {
  type    = bool
  default = false
}
resource "terraform_data" "db" {
  input = var.db_password
  provisioner "local-exec" {
    command = "printf %s \\"$PASSWORD\\" >from-local-exec"
    environment = { PASSWORD = var.db_password }
  }
}
resource "terraform_data" "slow" {
  count = var.slow ? 1 : 0
  provisioner "local-exec" {
    command = "trap '' INT; echo PROVISIONING; while :; do sleep 0.1; done"
  }
}
output "db_password" {
  value     = terraform_data.db.output
  sensitive = true
}
`

describe.skipIf(!need('terraform', 'terraform with a bound tfvars file'))('terraform', () => {
  let scratch: Scratch

  beforeAll(async () => {
    scratch = new Scratch()
    scratch.file('project/infra/secrets.auto.tfvars', '')
    await held(scratch, { config: CONFIG, secrets: { DB_PASSWORD: PASSWORD } })
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  /** A folder with the module, initialised; `bare` has its tfvars on the disk. */
  async function folder(way: Way): Promise<string> {
    const name = way === 'bare' ? 'bare' : 'project/infra'
    const cwd = join(scratch.home, name)
    scratch.file(`${name}/main.tf`, MODULE)
    if (way === 'bare') scratch.file(`${name}/secrets.auto.tfvars`, IN_TFVARS)
    await run(scratch, ['rm', '-f', 'terraform.tfstate', 'terraform.tfstate.backup', 'plan'], { cwd })
    expect(await terraform(way, cwd, ['init', '-input=false', '-no-color'])).toMatchObject({ status: 0 })
    return cwd
  }

  const terraform = (way: Way, cwd: string, args: string[]): Promise<Run> =>
    run(scratch, startedAs(way, ['terraform', ...args]), { cwd, timeout: 60_000 })

  test.each(WAYS)('plans (exit code 2), applies the plan and is then up to date (0): %s', async (way) => {
    const cwd = await folder(way)
    const flags = ['-input=false', '-no-color', '-detailed-exitcode']
    expect(await terraform(way, cwd, ['plan', ...flags, '-out=plan'])).toMatchObject({ status: 2 })
    const applied = await terraform(way, cwd, ['apply', '-input=false', '-no-color', 'plan'])
    expect(applied).toMatchObject({ status: 0, stderr: '' })
    expect(applied.stdout).toContain('Apply complete! Resources: 1 added')
    expect(readFileSync(join(cwd, 'from-local-exec'), 'utf8')).toBe(PASSWORD)
    expect(await terraform(way, cwd, ['output', '-raw', 'db_password'])).toMatchObject({ stdout: PASSWORD })
    expect(await terraform(way, cwd, ['plan', ...flags])).toMatchObject({ status: 0 })
  })

  test('what holds secrets afterwards is for the user alone: state, saved plan, files of a provisioner', async () => {
    const cwd = await folder('through tazpod')
    await terraform('through tazpod', cwd, ['plan', '-input=false', '-out=plan'])
    await terraform('through tazpod', cwd, ['apply', '-input=false', 'plan'])
    for (const name of ['terraform.tfstate', 'plan', 'from-local-exec'])
      expect([name, statSync(join(cwd, name)).mode & 0o777]).toEqual([name, 0o600])
    expect(statSync(join(cwd, 'secrets.auto.tfvars')).size).toBe(0)
  })

  test.each(WAYS)(
    'one Ctrl-C is one interrupt: it stops gracefully and writes its state: %s',
    async (way) => {
      const cwd = await folder(way)
      const apply = startedAs(way, ['terraform', 'apply', '-auto-approve', '-no-color', '-var=slow=true'])
      await using terminal = new Terminal(scratch, apply, { cwd })
      await terminal.waitForText('(local-exec): PROVISIONING', 30_000)
      expect(await until(() => existsSync(join(cwd, 'from-local-exec')))).toBe(true)
      terminal.type(KEY.ctrlC)
      expect(await terminal.exit()).toEqual({ exitCode: 1, signal: 0 })
      expectGraceful(terminal.text(), cwd)
    },
  )

  test('one SIGTERM is one: it stops gracefully and writes its state', async () => {
    const cwd = await folder('through tazpod')
    const args = ['apply', '-auto-approve', '-no-color', '-input=false', '-var=slow=true']
    const child = startTazpod(scratch, ['exec', '--', 'terraform', ...args], { cwd })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (out += chunk))
    const ended = new Promise((resolve) => child.once('close', (...how) => resolve(how)))
    expect(await until(() => out.includes('(local-exec): PROVISIONING'), 30_000), out).toBe(true)
    child.kill('SIGTERM')
    expect(await ended).toEqual([1, null])
    expectGraceful(out, cwd)
  })

  function expectGraceful(out: string, cwd: string): void {
    expect(out.match(/Gracefully shutting down/g)).toHaveLength(1)
    expect(out).not.toContain('Two interrupts')
    const state = JSON.parse(readFileSync(join(cwd, 'terraform.tfstate'), 'utf8'))
    const slow = state.resources.find((resource: { name: string }) => resource.name === 'slow')
    expect(slow?.instances[0].status).toBe('tainted')
    expect(existsSync(join(cwd, '.terraform.tfstate.lock.info'))).toBe(false)
  }

  test.each(['1', 'trace', 'JSON'])(
    'TF_LOG=%s would write the values into a log: refused, unless forced',
    async (level) => {
      const cwd = await folder('through tazpod')
      const logged = (...flags: string[]) =>
        tazpod(scratch, ['exec', ...flags, '--', 'terraform', 'plan', '-no-color'], {
          cwd,
          env: { TF_LOG: level },
          timeout: 60_000,
        })
      const refused = await logged()
      expect([refused.status, refused.stdout]).toEqual([77, ''])
      expect(refused.stderr).toContain(
        `tazpod: TF_LOG=${level} makes terraform write the values that it is granted into its log`,
      )
      expect(refused.stderr).toContain('next: unset TF_LOG')
      expect((await logged('--force')).status).toBe(0)
    },
  )

  test('a quiet TF_LOG, and a verbose one of a command that is granted nothing, are none of its business', async () => {
    const cwd = await folder('through tazpod')
    const quiet = { TF_LOG: 'warn', TF_LOG_PROVIDER: 'Off' }
    const planned = await tazpod(scratch, ['exec', '--', 'terraform', 'plan'], {
      cwd,
      env: quiet,
      timeout: 60_000,
    })
    expect(planned.status).toBe(0)
    const other = await tazpod(scratch, ['exec', '--', 'true'], { cwd, env: { TF_LOG: 'trace' } })
    expect(other).toMatchObject({ status: 0, stderr: '' })
  })

  test('a variable of the caller is weaker than the bound file, and -var stronger, as terraform has it', async () => {
    const cwd = await folder('through tazpod')
    const ask = (args: string[], env: Record<string, string>) =>
      run(scratch, startedAs('through tazpod', ['terraform', 'console', ...args]), {
        cwd,
        env,
        stdin: 'nonsensitive(var.db_password) == "other"\n',
      })
    expect((await ask([], { TF_VAR_db_password: 'other' })).stdout).toBe('false\n')
    expect((await ask(['-var=db_password=other'], {})).stdout).toBe('true\n')
  })
})
