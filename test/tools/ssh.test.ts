/**
 * OpenSSH refuses an included config file of a foreign owner, and in a user namespace root's files are foreign.
 * The user here is not `nobody`: foreign files show exactly that number, and then belong to the one who looks.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { held } from '../support/story.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { need, needRoot, sayWhy } from '../support/tools.ts'

const FOLDER = '/etc/ssh/ssh_config.d'
const FILE = `${FOLDER}/zz-tazpod-test-${process.pid}.conf`
const HOST = 'tazpod-test-host.invalid'
const CONFIG = `version: 1
provider: vault
secrets:
  - { name: DEPLOY_KEY, preset: ssh }
`

/** An ordinary account other than `nobody`: ssh starts for nobody whom /etc/passwd does not know. */
function otherAccount(): number | undefined {
  const ids = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => Number(line.split(':')[2]))
  return ids.find((uid) => uid > 1 && uid < 60_000)
}

function included(): boolean {
  const main = '/etc/ssh/ssh_config'
  const yes = existsSync(main) && readFileSync(main, 'utf8').includes(`Include ${FOLDER}/*.conf`)
  if (!yes) sayWhy(`${main} does not include ${FOLDER}: its files of a foreign owner are not tested`)
  return yes
}

const account = otherAccount()
const able = need('ssh', 'ssh in a namespace') && needRoot('a file in /etc/ssh/ssh_config.d') && included()

describe.skipIf(!able || account === undefined)('with a file of root in /etc/ssh/ssh_config.d', () => {
  let scratch: Scratch
  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(FILE, `Host ${HOST}\n  Port 4222\n`, { mode: 0o644 })
    scratch = new Scratch(account)
    await held(scratch, { config: CONFIG, secrets: { DEPLOY_KEY: 'no key at all\n' } })
  })
  afterAll(async () => {
    rmSync(FILE, { force: true })
    await scratch?.[Symbol.asyncDispose]()
  })

  test('a plain user namespace makes ssh refuse it, so the test can fail', async () => {
    const plain = await run(scratch, ['unshare', '-Ur', 'ssh', '-G', HOST])
    expect(plain.status).toBe(255)
    expect(plain.stderr).toContain(`Bad owner or permissions on ${FOLDER}/`)
  })

  test('ssh starts through tazpod exec and reads it', async () => {
    const bare = await run(scratch, ['ssh', '-G', HOST])
    const ours = await tazpod(scratch, ['exec', '--', 'ssh', '-G', HOST])
    expect(ours).toMatchObject({ status: 0, stderr: bare.stderr, stdout: bare.stdout })
    expect(ours.stdout).toContain('port 4222')
  })

  test('the same inside an exec inside an exec', async () => {
    const script = '"$0" exec -- ssh -T -G "$1" | grep "^port "'
    const nested = await tazpod(scratch, ['exec', '--', 'sh', '-c', script, tazpodBinary(), HOST])
    expect(nested).toMatchObject({ status: 0, stderr: '', stdout: 'port 4222\n' })
  })

  test('the real folder is as it was, and nobody else sees the copy', async () => {
    const outside = await run(scratch, ['stat', '-c', '%u %a', FILE])
    expect(outside.stdout).toBe('0 644\n')
    const inside = await tazpod(scratch, ['exec', '--', 'stat', '-c', '%u %a', FILE])
    expect(inside.stdout).toBe(`${account} 600\n`)
  })
})

test.skipIf(!able || account === undefined)(
  'a file that root puts there while it is unlocked does not stop ssh either',
  async () => {
    await using scratch = new Scratch(account)
    await held(scratch, { config: CONFIG, secrets: { DEPLOY_KEY: 'no key at all\n' } })
    const late = `${FOLDER}/zz-tazpod-test-${process.pid}-late.conf`
    try {
      writeFileSync(late, `Host ${HOST}\n  Port 4222\n`, { mode: 0o644 })
      expect(await tazpod(scratch, ['exec', '--', 'ssh', '-T', '-G', HOST])).toMatchObject({ status: 0 })
    } finally {
      rmSync(late, { force: true })
    }
  },
)

describe.skipIf(!need('ssh', 'ssh with a granted key') || !need('ssh-keygen', 'a granted key'))(
  'a key',
  () => {
    let scratch: Scratch
    let publicKey = ''
    beforeAll(async () => {
      scratch = new Scratch()
      const made = await run(scratch, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'me', '-f', 'k'])
      expect(made).toMatchObject({ status: 0 })
      const key = readFileSync(`${scratch.project}/k`, 'utf8')
      publicKey = readFileSync(`${scratch.project}/k.pub`, 'utf8')
      await run(scratch, ['rm', 'k', 'k.pub'])
      await held(scratch, { config: CONFIG, secrets: { DEPLOY_KEY: key } })
    })
    afterAll(() => scratch[Symbol.asyncDispose]())

    test('is taken by ssh-keygen: owner and mode are right for OpenSSH', async () => {
      const script = 'ssh-keygen -y -f "$TAZPOD_SSH_KEY"'
      const read = await tazpod(scratch, ['exec', '--', 'sh', '-c', script])
      expect(read).toMatchObject({ status: 0, stderr: '', stdout: publicKey })
    })

    test('is the only one that GIT_SSH_COMMAND and RSYNC_RSH offer', async () => {
      const script =
        'for v in "$GIT_SSH_COMMAND" "$RSYNC_RSH"; do sh -c "$v -T -G host.invalid"; done; echo "$TAZPOD_SSH_KEY"'
      const { stdout, stderr, status } = await tazpod(scratch, ['exec', '--', 'sh', '-c', script])
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const path = stdout.trimEnd().split('\n').at(-1)
      expect(stdout.match(/^identityfile .*$/gm)).toEqual([`identityfile ${path}`, `identityfile ${path}`])
      expect(stdout.match(/^identitiesonly yes$/gm)).toHaveLength(2)
    })

    test("leaves the user's own agent outside reachable", async () => {
      const script = `eval "$(ssh-agent -a "$HOME/agent")" >/dev/null; ssh-keygen -q -t ed25519 -N '' -C own -f own
      ssh-add -q own; "$0" exec -- ssh-add -L; cat own.pub; ssh-agent -k >/dev/null; rm own own.pub`
      const { stdout } = await run(scratch, ['sh', '-c', script, tazpodBinary()])
      const [inside, outside] = stdout.split('\n')
      expect(inside).toMatch(/^ssh-ed25519 .* own$/)
      expect(inside).toBe(outside)
    })

    test('goes into a private agent that ends with the command', async () => {
      const script =
        'eval "$(ssh-agent -a "$TAZPOD_GHOST/agent")" >/dev/null; ssh-add -q "$TAZPOD_SSH_KEY"; ssh-add -L; ssh-agent -k >/dev/null'
      const agent = await tazpod(scratch, ['exec', '--', 'sh', '-c', script])
      expect(agent).toMatchObject({ status: 0, stdout: publicKey })
    })
  },
)

test.skipIf(!need('ssh', 'ssh'))('ssh -V says what it says without tazpod', async () => {
  await using scratch = new Scratch()
  await held(scratch, { config: CONFIG, secrets: { DEPLOY_KEY: 'x' } })
  const bare = await run(scratch, ['ssh', '-V'])
  expect(await tazpod(scratch, ['exec', '--', 'ssh', '-V'])).toMatchObject({ status: 0, stderr: bare.stderr })
})
