/**
 * The day that tazpod was made for: log in, pull, plan, apply for longer than a token lives, lock. One canary for each
 * hop of a secret, and at the end a search of every file, of what was printed, and of every request.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { canary, scan, scanBytes } from '../../support/canary.ts'
import { InfisicalServer, type Lab, lab, MODES, member } from '../../support/infisical.ts'
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

// Not strace: tazpod hands nothing to a process that is traced.
const NOTE_CONNECTS = `
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
int connect(int fd, const struct sockaddr *to, socklen_t size)
{
	char text[64] = "";
	FILE *file = to->sa_family == AF_UNIX ? NULL : fopen(getenv("TZ_CONNECTS"), "a");
	if (file && to->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)to;
		fprintf(file, "%s:%d\\n", inet_ntop(AF_INET, &in->sin_addr, text, sizeof text), ntohs(in->sin_port));
	} else if (file) {
		fprintf(file, "family %d\\n", to->sa_family);
	}
	if (file)
		fclose(file);
	int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
	return real(fd, to, size);
}
`

test.skipIf(!need('cc', 'which addresses a pull connects to'))(
  'a pull connects to the server and to nothing else',
  async () => {
    await using scratch = new Scratch()
    const here = await lab()
    await using server = here.server
    const yaml = 'version: 1\nprovider: infisical\ninfisical: { project: lab, environment: prod }\n'
    await member(scratch, here, yaml)
    const source = scratch.file('connects.c', NOTE_CONNECTS)
    const [shim, trace] = [join(scratch.home, 'connects.so'), join(scratch.home, 'trace')]
    const built = await run(scratch, ['cc', '-D_GNU_SOURCE', '-shared', '-fPIC', '-o', shim, source, '-ldl'])
    expect(built.status, built.stderr).toBe(0)
    const env = { LD_PRELOAD: shim, TZ_CONNECTS: trace }
    const done = await tazpod(scratch, ['pull'], { passphrase: PASSPHRASE, env, timeout: 180_000 })
    expect(done.status, done.stderr).toBe(0)
    const connects = readFileSync(trace, 'utf8').trimEnd().split('\n')
    expect(new Set(connects)).toEqual(new Set([`127.0.0.1:${new URL(server.origin).port}`]))
  },
)
