/**
 * The day that tazpod was made for: log in, pull, plan, apply for longer than a token lives, lock. One canary for each
 * hop of a secret, and at the end a search of every file, of what was printed, and of every request.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { canary, scan, scanBytes } from '../../support/canary.ts'
import { InfisicalServer, type Lab, lab, MODES, member } from '../../support/infisical.ts'
import { tazpodBinary } from '../../support/installed.ts'
import { makeProject, makeVault, PASSPHRASE } from '../../support/project.ts'
import { RecordingProxy } from '../../support/recording-proxy.ts'
import { Scratch } from '../../support/scratch.ts'
import { type Run, run, startTazpod, tazpod } from '../../support/tazpod.ts'
import { need, which } from '../../support/tools.ts'
import { until } from '../../support/until.ts'

vi.setConfig({ testTimeout: 240_000 })

const YAML = `version: 1
provider: infisical
infisical: { project: lab, environment: prod, paths: [/, /terraform] }
secrets:
  - { name: KUBECONFIG_CONTENT, file: kubeconfig, env: KUBECONFIG }
binds:
  - path: infra/secrets.auto.tfvars
    format: tfvars
    values: { proxmox: PROXMOX, infisical_token: { identity: token } }
commands:
  terraform: { secrets: [], binds: [infra/secrets.auto.tfvars] }
  sh: { secrets: [KUBECONFIG_CONTENT], binds: [] }
`
// terraform_data is built in: no provider, no network. The state gets hashes only.
const MODULE = `variable "proxmox" {
  type      = string
  sensitive = true
}
variable "infisical_token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "vm" {
  input = nonsensitive(sha256(var.proxmox))
  provisioner "local-exec" {
    command = "touch started; while [ ! -e go ]; do sleep 0.1; done"
  }
}
`

test.skipIf(!need('terraform', 'the day with terraform')).each(MODES)('%s', async (mode) => {
  await using scratch = new Scratch()
  await using proxy = await RecordingProxy.start()
  const words = {
    passphrase: PASSPHRASE,
    clientSecret: canary('client'),
    proxmox: canary('proxmox'),
    kube: canary('kube'),
  }
  await using server = await InfisicalServer.start({ mode })
  const identity = server.addIdentity({ clientSecret: words.clientSecret, ttl: 10, maxTtl: 10 })
  const project = server.addProject({ slug: 'lab', environments: ['prod'] }) as Lab['project']
  project.grant(identity, { read: true, readValue: true })
  project.addFolder('prod', '/terraform')
  project.set('prod', '/', 'KUBECONFIG_CONTENT', `token: ${words.kube}\n`)
  project.set('prod', '/terraform', 'PROXMOX', words.proxmox)
  const printed: string[] = []
  const env = { HTTP_PROXY: proxy.origin, HTTPS_PROXY: proxy.origin }
  const day = async (args: readonly string[], options: Parameters<typeof tazpod>[2] = {}): Promise<Run> => {
    const done = await tazpod(scratch, args, { ...options, env })
    printed.push(done.stdout, done.stderr)
    return done
  }

  await makeVault(scratch)
  const args = ['login', '--host', server.origin, '--client-id', identity.clientId, '--client-secret-fd', '0']
  expect(await day(args, { stdin: words.clientSecret, passphrase: PASSPHRASE })).toMatchObject({ status: 0 })
  scratch.file('project/infra/main.tf', MODULE, 0o644)
  await makeProject(scratch, YAML)
  expect(await day(['pull'], { passphrase: PASSPHRASE })).toMatchObject({ status: 0, stderr: '' })
  const cwd = join(scratch.project, 'infra')
  expect(
    (await run(scratch, [which('terraform') ?? '', 'init', '-input=false', '-no-color'], { cwd })).status,
  ).toBe(0)
  const plan = await day(['exec', '--', 'terraform', 'plan', '-input=false', '-no-color'], { cwd })
  expect(plan.status, plan.stderr).toBe(0)

  // apply runs while its token ends and the session is replaced by another login.
  const logins = () => server.requests.filter(({ path }) => path.endsWith('/login')).length
  const before = logins()
  const apply = startTazpod(
    scratch,
    ['exec', '--', 'terraform', 'apply', '-auto-approve', '-input=false', '-no-color'],
    { cwd, env },
  )
  apply.stdout?.on('data', (chunk) => printed.push(String(chunk)))
  apply.stderr?.on('data', (chunk) => printed.push(String(chunk)))
  const ended = new Promise((resolve) => apply.once('close', resolve))
  expect(await until(() => logins() > before, 60_000)).toBe(true)
  // The login comes first; a lock before the new set is stored would end the refresh unfinished and unlogged.
  const log = () => readFileSync(join(scratch.state, 'tazpod/log.jsonl'), 'utf8')
  expect(await until(() => log().includes('"refresh"'), 60_000)).toBe(true)
  writeFileSync(join(cwd, 'go'), '')
  expect(await ended).toBe(0)

  const kube = await day([
    'exec',
    '--',
    'sh',
    '-c',
    'sha256sum <"$KUBECONFIG"; wc -c <infra/secrets.auto.tfvars',
  ])
  expect(kube.stdout.trim().endsWith('0')).toBe(true) // sh has no right to the bind
  expect((await day(['lock'])).status).toBe(0)
  expect(await until(() => server.requests.at(-1)?.path.endsWith('/revoke') === true, 20_000)).toBe(true)
  expect(await until(() => scratch.processes().length === 0, 20_000)).toBe(true)
  printed.push(JSON.stringify((await day(['log', '--json'])).stdout))

  const tokens = server.requests.flatMap(({ headers, body }) => {
    return [...`${headers.authorization ?? ''} ${body}`.matchAll(/[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g)].map(
      ([jwt]) => jwt,
    )
  })
  expect(tokens.length).toBeGreaterThan(0)
  const canaries = [...Object.values(words), ...new Set(tokens)]
  expect(scan([scratch.root], canaries).map(({ path, form }) => `${form} in ${path}`)).toEqual([])
  expect(scanBytes(Buffer.from(printed.join('\n')), canaries)).toEqual([])

  // Everything went through the proxy, to that one server, and only calls that need it carried the token.
  expect(proxy.seen.length).toBe(server.requests.length)
  expect([...new Set(proxy.seen.map(({ target }) => target))]).toEqual([new URL(server.origin).host])
  const without = proxy.seen.filter(({ path }) => /\/(login|renew|revoke)$/.test(path))
  expect(without.every(({ authorization }) => !authorization)).toBe(true)
  expect(without.length).toBeGreaterThan(3)
})

test.skipIf(!need('strace', 'which addresses a pull connects to'))(
  'a pull connects to the server and to nothing else',
  async () => {
    await using scratch = new Scratch()
    const here = await lab()
    await using server = here.server
    await member(
      scratch,
      here,
      'version: 1\nprovider: infisical\ninfisical: { project: lab, environment: prod }\n',
    )
    const trace = join(scratch.home, 'trace')
    const argv = [
      'strace',
      '-f',
      '-qq',
      '-e',
      'trace=connect',
      '-o',
      trace,
      tazpodBinary(),
      'pull',
      '--passphrase-fd',
      '0',
    ]
    const traced = run(scratch, argv, { stdin: `${PASSPHRASE}\n`, timeout: 180_000 }) // ends with the last of its processes
    const unlocked = async () => (await tazpod(scratch, ['status', '--json'])).stdout.includes('"unlocked"')
    expect(await until(unlocked, 60_000)).toBe(true)
    await tazpod(scratch, ['lock'])
    const done = await traced
    expect(done.status, done.stderr).toBe(0)
    const internet = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => /AF_INET6?,/.test(line))
    expect(internet.length).toBeGreaterThan(0)
    const port = new URL(server.origin).port
    expect(
      internet.filter((line) => !line.includes(`htons(${port})`) || !line.includes('"127.0.0.1"')),
    ).toEqual([])
  },
)
