// `npm run demo`: the whole story with the real binary, in a HOME that is thrown away, as whoever runs it. Each step
// proves something; the table at the end says what, and how long it took. Exit 1 when a proof fails.
// usage: npm run demo [-- --provider infisical|vault]. `infisical` runs a local server that behaves as the real one.
import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { generatePassphrase } from '../src/core/vault/passphrase.ts'
import { canary, scan } from '../test/support/canary.ts'
import { InfisicalServer } from '../test/support/infisical-server/index.ts'
import { Scratch } from '../test/support/scratch.ts'
import { run, startTazpod, tazpod } from '../test/support/tazpod.ts'
import { which } from '../test/support/tools.ts'
import { until } from '../test/support/until.ts'

const { provider } = parseArgs({ options: { provider: { type: 'string', default: 'infisical' } } }).values
if (provider !== 'infisical' && provider !== 'vault') {
  console.error('usage: npm run demo [-- --provider infisical|vault]')
  process.exit(64)
}
const remote = provider === 'infisical'

const config = (terraformName) => `version: 1
provider: ${provider}
${remote ? 'infisical: { project: demo-lab, environment: prod, paths: [/, /terraform] }\n' : ''}secrets:
  - { name: KUBECONFIG_CONTENT, file: kubeconfig, env: KUBECONFIG }
binds:
  - path: infra/secrets.auto.tfvars
    format: tfvars
    values:
      proxmox_token: PROXMOX_TOKEN
${remote ? '      infisical_token: { identity: token }\n' : ''}commands:
  ${terraformName}: { secrets: [], binds: [infra/secrets.auto.tfvars] }
  sh: { secrets: [KUBECONFIG_CONTENT], binds: [infra/secrets.auto.tfvars] }
`

// No provider and no network: terraform_data is built in. The state keeps the hash, because no resource stores the
// value itself; a resource that does would put it into the state, wherever that is.
const MODULE = `variable "proxmox_token" {
  type      = string
  sensitive = true
}

${remote ? 'variable "infisical_token" {\n  type      = string\n  sensitive = true\n}\n' : ''}
resource "terraform_data" "vm" {
  input = nonsensitive(sha256(var.proxmox_token))
}

output "token_sha256" {
  value = terraform_data.vm.output
}
`

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
const secrets = {
  PROXMOX_TOKEN: Buffer.from(`root@pam!tazpod="${canary('proxmox')}" \${not} %{hcl}\n`),
  // Infisical keeps text only; the vault keeps any bytes.
  KUBECONFIG_CONTENT: remote
    ? Buffer.from(`token: ${canary('kube')}\r\nuser: "Ünïcödé" $\{x}\n`)
    : Buffer.concat([Buffer.from(`token: ${canary('kube')}\r\n`), randomBytes(1000).map((b) => b || 1)]),
}
const clientSecret = canary('client')
const canaries = Object.values(secrets).map(
  (bytes) => /(proxmox|kube)[A-Za-z0-9]{24}/.exec(bytes.toString('latin1'))[0],
)
if (remote) canaries.push(clientSecret)
const passphrase = generatePassphrase()
const terraform = which('terraform') ?? which('tofu')
const steps = []

await using scratch = new Scratch(process.getuid())
await using server = remote ? await InfisicalServer.start() : undefined
process.once('SIGINT', () => scratch[Symbol.asyncDispose]().finally(() => process.exit(130)))
const project = scratch.project
const placeholder = join(scratch.folder('home/project/infra'), 'secrets.auto.tfvars')
writeFileSync(join(project, 'infra/main.tf'), MODULE)
console.log(
  `A scratch HOME, user ${process.getuid()}, ${terraform ?? 'no terraform on the PATH: a plain command stands in'}.\n`,
)
await story()
process.exitCode = report()

async function story() {
  await step('make a vault under a generated passphrase', makeVault)
  if (remote) await step('log in at Infisical (a local server that behaves as it)', logIn)
  else await step('put two secrets into it, from standard input', fillVault)
  await step('describe the project and trust the description', describeProject)
  await step('pull: one passphrase, secrets into memory', pull)
  if (terraform) await step('exec terraform apply', applyTerraform)
  await step('exec a shell that reads its files', readInside)
  await step('look at a running child from outside', lookFromOutside)
  await step('lock', lock)
  if (remote) await step('the session at the server', sessionEnded)
  await step('exec after lock', execLocked)
  await step('search every file of the scratch HOME', searchFiles)
}

async function makeVault() {
  await say(['vault', 'init'], { passphrase })
  const file = join(scratch.data, 'tazpod/vault.age')
  check(
    readFileSync(file).toString('latin1').startsWith('age-encryption.org/v1\n'),
    'vault.age is an age file',
  )
  check((lstatSync(file).mode & 0o777) === 0o600, 'vault.age is 0600')
  return 'vault.age is a standard age file, mode 0600'
}

/** The server's side: one project, one machine identity that may read it, and what is kept there. */
async function logIn() {
  const identity = server.addIdentity({ clientSecret })
  const lab = server.addProject({ slug: 'demo-lab', environments: ['prod'] })
  lab.grant(identity, { read: true, readValue: true })
  lab.set('prod', '/', 'KUBECONFIG_CONTENT', secrets.KUBECONFIG_CONTENT.toString())
  lab.set('prod', '/terraform', 'PROXMOX_TOKEN', secrets.PROXMOX_TOKEN.toString())
  const args = ['login', '--host', server.origin, '--client-id', identity.clientId, '--client-secret-fd', '0']
  await say(args, { passphrase, stdin: clientSecret })
  check(server.requests.length === 2, 'one login and the end of that session')
  return 'a real login proved it; the client secret is in the vault only'
}

async function sessionEnded() {
  const last = () => server.requests.at(-1)
  check(await until(() => last().path.endsWith('/revoke') && last().status === 200), 'the token is revoked')
  check(server.liveTokens === 0, 'no token of it works any more')
  const lists = server.requests.filter(({ path }) => /secrets/.test(path)).length
  return `ended there too; ${server.requests.length} requests in all, ${lists} of them lists`
}

async function fillVault() {
  for (const [name, bytes] of Object.entries(secrets))
    await say(['vault', 'set', name], { passphrase, stdin: bytes })
  const { stdout } = await say(['vault', 'list'], { passphrase })
  check(
    canaries.every((word) => !stdout.includes(word)),
    'the list shows no value',
  )
  return 'the list shows names, never values'
}

async function describeProject() {
  writeFileSync(join(project, 'tazpod.yaml'), config(terraform ? basename(terraform) : 'terraform'))
  const early = await tazpod(scratch, ['pull', '--non-interactive'], { passphrase })
  check(early.status === 75, `an untrusted project is refused with 75 (it was ${early.status})`)
  await say(['init'])
  await say(['trust', '--yes'])
  check(lstatSync(placeholder).size === 0, 'the placeholder is empty')
  return 'untrusted it is refused (exit 75); secrets.auto.tfvars is an empty placeholder'
}

async function pull() {
  await say(['pull'], { passphrase })
  const status = JSON.parse((await say(['status', '--json'], {}, false)).stdout)
  check(status.state === 'unlocked', 'status says unlocked')
  return `unlocked, ${status.isolation.mode}, secrets in ${status.isolation.memory}`
}

async function applyTerraform() {
  const cwd = join(project, 'infra')
  const name = basename(terraform)
  await must(await run(scratch, [terraform, 'init', '-no-color', '-input=false'], { cwd }))
  const done = await say(['exec', '--', name, 'apply', '-auto-approve', '-no-color', '-input=false'], { cwd })
  check(done.stdout.includes(sha256(secrets.PROXMOX_TOKEN)), 'terraform saw the exact value')
  check(
    canaries.every((word) => !done.stdout.includes(word)),
    'terraform did not print it',
  )
  return 'terraform read the exact value (same SHA-256) from secrets.auto.tfvars'
}

async function readInside() {
  const done = await say(
    ['exec', '--', 'sh', '-c', 'sha256sum < "$KUBECONFIG"; env | grep -c token:'],
    {},
    true,
    1,
  )
  check(done.stdout.startsWith(sha256(secrets.KUBECONFIG_CONTENT)), 'the file has the exact bytes')
  check(done.stdout.trim().endsWith('0'), 'no value in the environment')
  return 'byte-exact file, its path in KUBECONFIG, no value in the environment'
}

async function lookFromOutside() {
  const script = 'wc -c < infra/secrets.auto.tfvars; echo "$TAZPOD_GHOST"; read wait'
  const child = startTazpod(scratch, ['exec', '--', 'sh', '-c', script], { keepStdinOpen: true })
  let inside = ''
  child.stdout.on('data', (chunk) => {
    inside += chunk
  })
  check(await until(() => inside.trim().split('\n').length === 2), 'the child runs')
  const [size, ghost] = inside.trim().split('\n')
  const outside = await must(await run(scratch, ['wc', '-c', placeholder]))
  const listed = readdirSync(ghost)
  console.log(
    `  inside:  secrets.auto.tfvars has ${size} bytes\n  outside: ${outside.stdout.trim().split(' ')[0]} bytes; ${ghost} lists ${listed.length} entries`,
  )
  check(Number(size) > 0 && outside.stdout.startsWith('0 '), 'only the child sees the file')
  check(listed.length === 0, 'the ghost folder is empty outside')
  const status = JSON.parse((await say(['status', '--json'], {}, false)).stdout)
  check(status.running.length === 1, 'status lists the child')
  child.stdin.end()
  check(await until(() => child.exitCode !== null), 'the child ends')
  return 'while the child reads it, every other process finds an empty placeholder'
}

async function lock() {
  await say(['lock'])
  check(await until(() => scratch.leftovers().length === 0), `nothing runs on: ${scratch.leftovers()}`)
  return 'no process, socket or mount is left'
}

async function execLocked() {
  const done = await say(['exec', '--', 'sh', '-c', 'echo started'], {}, true, 75)
  check(!done.stdout.includes('started'), 'the command did not start')
  return 'refused with exit 75, the command did not start'
}

async function searchFiles() {
  const places = [scratch.root]
  const control = scratch.file('control', canaries[0])
  check(scan(places, canaries).length === 1, 'the search finds a planted value')
  writeFileSync(control, '')
  const found = scan(places, [...canaries, passphrase])
  check(
    found.length === 0,
    `a secret on the disk: ${JSON.stringify(found.map(({ path, form }) => ({ path, form })))}`,
  )
  return `no secret and no passphrase in ${readdirSync(scratch.root, { recursive: true }).length} files and folders, ${terraform ? 'terraform.tfstate included, ' : ''}in 9 encodings`
}

/** Runs one step; a proof that fails is reported and ends the story. */
async function step(what, work) {
  if (steps.some((done) => !done.ok)) return
  console.log(`\n# ${what}`)
  const start = performance.now()
  try {
    steps.push({ what, proof: await work(), ms: performance.now() - start, ok: true })
  } catch (error) {
    steps.push({ what, proof: String(error.message ?? error), ms: performance.now() - start, ok: false })
  }
}

/** Shows and runs `tazpod ARGS`; throws when it does not end with `status`. */
async function say(args, options = {}, show = true, status = 0) {
  const shown = args.map((arg) => (/[^\w./=-]/.test(arg) ? `'${arg}'` : arg)).join(' ')
  if (show) console.log(`$ tazpod ${shown}${options.passphrase ? ' --passphrase-fd 3' : ''}`)
  const done = await tazpod(scratch, args, options)
  if (show)
    for (const line of `${done.stdout}${done.stderr}`.trimEnd().split('\n'))
      if (line) console.log(`  ${line}`)
  check(
    done.status === status,
    `tazpod ${args[0]} ended with ${done.status ?? done.signal}: ${done.stderr.trim()}`,
  )
  return done
}

function must(done) {
  check(done.status === 0, `exit ${done.status}: ${done.stderr}`)
  return done
}

function check(holds, what) {
  if (!holds) throw new Error(`not proved: ${what}`)
}

/** Prints the table and returns the exit code. */
function report() {
  const wide = Math.max(...steps.map((s) => s.what.length))
  console.log(
    `\n${'step'.padEnd(wide)}  ${'ms'.padStart(6)}  proved\n${'-'.repeat(wide)}  ------  ${'-'.repeat(60)}`,
  )
  for (const s of steps) {
    console.log(`${s.what.padEnd(wide)}  ${s.ms.toFixed(0).padStart(6)}  ${s.ok ? '' : 'FAILED: '}${s.proof}`)
  }
  if (!terraform) console.log('\nNot shown: terraform (not on the PATH).')
  const failed = steps.some((s) => !s.ok)
  console.log(
    failed ? '\nA proof failed.' : `\nAll ${steps.length} steps proved. The scratch HOME is removed.`,
  )
  return failed ? 1 : 0
}
