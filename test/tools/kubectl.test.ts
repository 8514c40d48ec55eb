/** The real kubectl on a granted kubeconfig: it reads it, and rewrites it beside its own lock file. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scratch } from '../support/scratch.ts'
import { held } from '../support/story.ts'
import { type Run, run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

const CONFIG = `version: 1
provider: vault
secrets:
  - { name: KUBECONFIG_CONTENT }
`
const context = (name: string) =>
  `- { name: ${name}, context: { cluster: lab, user: me, namespace: ns-${name} } }`
const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: first
clusters:
- { name: lab, cluster: { server: "https://127.0.0.1:1" } }
contexts:
${context('first')}
${context('second')}
users:
- { name: me, user: { token: not-a-real-token } }
`

describe.skipIf(!need('kubectl', 'kubectl on a granted kubeconfig'))('kubectl', () => {
  let scratch: Scratch
  let onDisk: string
  beforeAll(async () => {
    scratch = new Scratch()
    onDisk = scratch.file('kube/config', KUBECONFIG)
    await held(scratch, { config: CONFIG, secrets: { KUBECONFIG_CONTENT: KUBECONFIG } })
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  /** The same script with the file on the disk, and with the granted one. */
  async function bothWays(script: string): Promise<{ bare: Run; ours: Run }> {
    const bare = await run(scratch, ['sh', '-c', script], { env: { KUBECONFIG: onDisk } })
    const ours = await tazpod(scratch, ['exec', '--', 'sh', '-c', script])
    return { bare, ours }
  }

  test('config view shows what the file holds, the token hidden by kubectl itself', async () => {
    const { bare, ours } = await bothWays('kubectl config view')
    expect(ours).toMatchObject({ status: 0, stderr: '', stdout: bare.stdout })
    expect(ours.stdout).toContain('https://127.0.0.1:1')
    expect(ours.stdout).toContain('REDACTED')
  })

  test('use-context rewrites the granted file, and leaves no lock file and no mode but 0600', async () => {
    const script = `kubectl config use-context second && kubectl config current-context &&
      kubectl config view --minify -o jsonpath='{..namespace}' && ls -A "$(dirname "$KUBECONFIG")" &&
      stat -c ' %a' "$KUBECONFIG"`
    const { bare, ours } = await bothWays(script)
    expect(ours).toMatchObject({ status: 0, stderr: '' })
    expect(ours.stdout).toBe(bare.stdout.replace('config\n', 'kubeconfig\n'))
    expect(ours.stdout).toContain('ns-second')
  })

  test('what it wrote ends with the command: the next one reads the secret again', async () => {
    await tazpod(scratch, ['exec', '--', 'kubectl', 'config', 'use-context', 'second'])
    const next = await tazpod(scratch, ['exec', '--', 'kubectl', 'config', 'current-context'])
    expect(next).toMatchObject({ status: 0, stdout: 'first\n' })
    const secret = await tazpod(scratch, ['exec', '--', 'sh', '-c', 'cat "$KUBECONFIG"'])
    expect(secret.stdout).toBe(KUBECONFIG)
  })

  test("a cluster that does not answer is kubectl's own error and exit code", async () => {
    const { bare, ours } = await bothWays('kubectl get nodes --request-timeout=5s 2>&1; echo "code $?"')
    const last = (out: string) => out.trimEnd().split('\n').slice(-2)
    expect(last(ours.stdout)).toEqual(last(bare.stdout))
    expect(ours.stdout).toContain('127.0.0.1:1')
  })

  test('nothing of the kubeconfig is on the disk', async () => {
    await tazpod(scratch, ['exec', '--', 'kubectl', 'config', 'use-context', 'second'])
    const found = await run(scratch, ['grep', '-rl', 'not-a-real-token', scratch.root])
    expect(found.stdout).toBe(`${onDisk}\n`)
    expect(readFileSync(onDisk, 'utf8')).toContain('not-a-real-token')
  })
})
