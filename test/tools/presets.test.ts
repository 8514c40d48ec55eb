/** Every preset end to end: a stub in the tool's place tells which variables and files it was given. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scratch } from '../support/scratch.ts'
import { held } from '../support/story.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

const CONFIG = `version: 1
provider: vault
secrets:
  - { name: KUBECONFIG_CONTENT }
  - { name: TALOSCONFIG_CONTENT }
  - { name: AWS_CREDENTIALS_CONTENT }
  - { name: PROFILES, preset: aws-config }
  - { name: ANSIBLE_VAULT_PASSWORD }
  - { name: SOPS_AGE_KEY }
  - { name: REGISTRY_LOGIN, preset: docker }
  - { name: TERRAFORMRC, preset: terraform }
  - { name: DEPLOY_KEY, preset: rsync }
  - { name: GITHUB_TOKEN, env: GITHUB_TOKEN, as: value }
commands:
  kubectl: { secrets: [KUBECONFIG_CONTENT] }
  k9s: { secrets: [KUBECONFIG_CONTENT] }
  helm: { secrets: [KUBECONFIG_CONTENT, REGISTRY_LOGIN] }
  flux: { secrets: [KUBECONFIG_CONTENT, GITHUB_TOKEN] }
  talosctl: { secrets: [TALOSCONFIG_CONTENT] }
  aws: { secrets: [AWS_CREDENTIALS_CONTENT, PROFILES] }
  ansible-playbook: { secrets: [ANSIBLE_VAULT_PASSWORD] }
  sops: { secrets: [SOPS_AGE_KEY] }
  docker: { secrets: [REGISTRY_LOGIN] }
  tofu: { secrets: [TERRAFORMRC] }
  terraform: { secrets: [TERRAFORMRC] }
  rsync: { secrets: [DEPLOY_KEY] }
  "*": { secrets: [] }
`
const VARIABLES = [
  ...['KUBECONFIG', 'TALOSCONFIG', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE', 'DOCKER_CONFIG'],
  ...['ANSIBLE_VAULT_PASSWORD_FILE', 'SOPS_AGE_KEY_FILE', 'TF_CLI_CONFIG_FILE', 'TAZPOD_SSH_KEY'],
]
/** Per variable with a file: its place below the view, mode of file and folder, its content. Then the umask. */
const TELL = `#!/bin/sh
for v in ${VARIABLES.join(' ')}; do
  eval "p=\\\${$v-}"
  [ -n "$p" ] || continue
  [ -d "$p" ] && p=$p/config.json
  echo "$v \${p#"$TAZPOD_GHOST"/} $(stat -c %a "$p") $(stat -c %a "$(dirname "$p")") $(cat "$p")"
done
for v in GITHUB_TOKEN CHECKPOINT_DISABLE; do eval "[ -z \\"\\\${$v-}\\" ] || echo $v=\\$$v"; done
ls "$TAZPOD_GHOST"
umask
`
const CHECKPOINT = 'CHECKPOINT_DISABLE=1'

let scratch: Scratch
let env: Record<string, string | undefined>
const tools = /^ {2}([a-z0-9-]+): \{/gm
beforeAll(async () => {
  scratch = new Scratch()
  const stub = scratch.file('stubs/tell', TELL, 0o755)
  for (const [, name = ''] of CONFIG.matchAll(tools)) symlinkSync(stub, join(scratch.home, 'stubs', name))
  symlinkSync(stub, join(scratch.home, 'stubs/anything-else'))
  env = { PATH: `${scratch.home}/stubs:${scratch.env.PATH}`, CHECKPOINT_DISABLE: undefined }
  const names = [...CONFIG.matchAll(/name: (\w+)/g)].map(([, name = '']) => name)
  const secrets = Object.fromEntries(names.map((name) => [name, `<${name}>`]))
  await held(scratch, { config: CONFIG, secrets })
})
afterAll(() => scratch[Symbol.asyncDispose]())

const told = (command: string, more: Record<string, string> = {}) =>
  tazpod(scratch, ['exec', '--', command, 'some', 'arguments'], { env: { ...env, ...more } })

const given = (variable: string, secret: string, file: string): string =>
  `${variable} ${secret}/${file} 600 700 <${secret}>`
const kubeconfig = given('KUBECONFIG', 'KUBECONFIG_CONTENT', 'kubeconfig')
const terraformrc = given('TF_CLI_CONFIG_FILE', 'TERRAFORMRC', 'terraform.tfrc')
const login = given('DOCKER_CONFIG', 'REGISTRY_LOGIN', 'config.json')

describe('is given exactly its own, as files of mode 0600 in folders of their own, under umask 077', () => {
  test.each([
    ['kubectl', [kubeconfig, 'KUBECONFIG_CONTENT']],
    ['k9s', [kubeconfig, 'KUBECONFIG_CONTENT']],
    ['helm', [kubeconfig, login, 'KUBECONFIG_CONTENT', 'REGISTRY_LOGIN']],
    ['flux', [kubeconfig, 'GITHUB_TOKEN=<GITHUB_TOKEN>', 'KUBECONFIG_CONTENT']],
    ['talosctl', [given('TALOSCONFIG', 'TALOSCONFIG_CONTENT', 'talosconfig'), 'TALOSCONFIG_CONTENT']],
    [
      'aws',
      [
        given('AWS_SHARED_CREDENTIALS_FILE', 'AWS_CREDENTIALS_CONTENT', 'credentials'),
        given('AWS_CONFIG_FILE', 'PROFILES', 'config'),
        ...['AWS_CREDENTIALS_CONTENT', 'PROFILES'],
      ],
    ],
    [
      'ansible-playbook',
      [
        given('ANSIBLE_VAULT_PASSWORD_FILE', 'ANSIBLE_VAULT_PASSWORD', 'vault-password'),
        'ANSIBLE_VAULT_PASSWORD',
      ],
    ],
    ['sops', [given('SOPS_AGE_KEY_FILE', 'SOPS_AGE_KEY', 'age.key'), 'SOPS_AGE_KEY']],
    ['docker', [login, 'REGISTRY_LOGIN']],
    ['terraform', [terraformrc, CHECKPOINT, 'TERRAFORMRC']],
    ['tofu', [terraformrc, CHECKPOINT, 'TERRAFORMRC']],
    ['rsync', [given('TAZPOD_SSH_KEY', 'DEPLOY_KEY', 'ssh-key'), 'DEPLOY_KEY']],
  ])('%s', async (command, lines) => {
    const { status, stdout, stderr } = await told(command)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.trimEnd().split('\n')).toEqual([...lines, 'work', '0077'])
  })

  test('a command that is not listed: nothing', async () => {
    const { stdout } = await told('anything-else')
    expect(stdout).toMatch(/^work\n\d+\n$/)
  })
})

test("the granted file replaces the caller's variable, and a default of ours does not", async () => {
  expect((await told('kubectl', { KUBECONFIG: '/elsewhere' })).stdout).toContain(kubeconfig)
  expect((await told('tofu', { CHECKPOINT_DISABLE: 'mine' })).stdout).toContain('CHECKPOINT_DISABLE=mine')
})

test("the project's own file, env and umask win over the preset's", async () => {
  await using own = new Scratch()
  const config = `version: 1
secrets: [{ name: CLUSTER, preset: kubectl, file: lab.yaml, env: LAB_KUBECONFIG }]
commands: { sh: { secrets: [CLUSTER], umask: 022 } }
`
  await held(own, { config, secrets: { CLUSTER: 'x' } })
  const script = `echo "\${LAB_KUBECONFIG#"$TAZPOD_GHOST"/} [$KUBECONFIG]"; stat -c %a "$LAB_KUBECONFIG"; umask`
  const got = await tazpod(own, ['exec', '--', 'sh', '-c', script], { env: { KUBECONFIG: '' } })
  expect(got.stdout).toBe('CLUSTER/lab.yaml []\n600\n0022\n')
})

test('talosctl may rewrite its config: a new file beside it, renamed over it', async () => {
  const rewrite =
    '#!/bin/sh\nset -e\necho new >"$TALOSCONFIG.tmp"\nmv "$TALOSCONFIG.tmp" "$TALOSCONFIG"\ncat "$TALOSCONFIG"\n'
  scratch.file('rewriting/talosctl', rewrite, 0o755)
  const path = { PATH: `${scratch.home}/rewriting:${scratch.env.PATH}` }
  expect(await told('talosctl', path)).toMatchObject({ status: 0, stdout: 'new\n', stderr: '' })
  expect((await told('talosctl')).stdout).toContain('<TALOSCONFIG_CONTENT>')
})

test('nothing in the view can be executed: ansible reads the password file and does not run it', async () => {
  const asAnsible =
    '#!/bin/sh\np=$ANSIBLE_VAULT_PASSWORD_FILE\nif [ -x "$p" ]; then exec "$p"; else cat "$p"; fi\nchmod +x "$p" && "$p"\n'
  scratch.file('running/ansible-playbook', asAnsible, 0o755)
  const ran = await told('ansible-playbook', { PATH: `${scratch.home}/running:${scratch.env.PATH}` })
  expect(ran.stdout).toBe('<ANSIBLE_VAULT_PASSWORD>')
  expect(ran).toMatchObject({ status: 126, stderr: expect.stringContaining('Permission denied') })
})

test.skipIf(!need('age', 'the file behind SOPS_AGE_KEY_FILE') || !need('age-keygen', 'an age key'))(
  'the file behind SOPS_AGE_KEY_FILE opens what age closed for it',
  async () => {
    await using own = new Scratch()
    const key = (await run(own, ['age-keygen'])).stdout
    const recipient = /public key: (age1\w+)/.exec(key)?.[1] ?? ''
    await run(own, ['age', '-r', recipient, '-o', 'closed.age'], { stdin: 'plain text' })
    const config = 'version: 1\nsecrets: [{ name: SOPS_AGE_KEY }]\n'
    await held(own, { config, secrets: { SOPS_AGE_KEY: key } })
    const opened = await tazpod(own, ['exec', '--', 'sh', '-c', 'age -d -i "$SOPS_AGE_KEY_FILE" closed.age'])
    expect(opened).toMatchObject({ status: 0, stdout: 'plain text' })
  },
)

test.skipIf(!need('docker', 'the folder behind DOCKER_CONFIG'))(
  'the real docker takes the folder behind DOCKER_CONFIG, and writes there',
  async () => {
    const script = `docker context create lab --docker host=tcp://127.0.0.1:1 >/dev/null && docker context use lab >/dev/null &&
      docker context ls --format '{{.Name}} {{.Current}}' && cat "$DOCKER_CONFIG/config.json" && stat -c %a "$DOCKER_CONFIG/config.json"`
    await using own = new Scratch()
    const config = 'version: 1\nsecrets: [{ name: DOCKER_CONFIG_JSON }]\n'
    await held(own, { config, secrets: { DOCKER_CONFIG_JSON: '{"auths":{"r.invalid":{"auth":"eDp5"}}}' } })
    const ours = await tazpod(own, ['exec', '--', 'sh', '-c', script])
    expect(ours.status, ours.stderr).toBe(0)
    expect(ours.stdout).toContain('lab true')
    expect(ours.stdout).toMatch(/"auth": "eDp5"[\s\S]*"currentContext": "lab"[\s\S]*\n?600\n$/)
    expect((await run(own, ['grep', '-rl', 'eDp5', own.home])).stdout).toBe('')
  },
)
