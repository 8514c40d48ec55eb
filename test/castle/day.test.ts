/**
 * One day of a castle, from an empty folder to its second life, with a secret of its own for each place. In the end
 * every byte that was left is searched: a secret is where docs/guides/castle.md says, and nowhere else.
 */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { canary, type Hit, scan, scanBytes } from '../support/canary.ts'
import { BLUE, castleSecrets, newCastle, standIn } from '../support/castle/castle.ts'
import { makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { stub } from '../support/stub.ts'
import { type Run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

test.skipIf(!need('terraform', 'one day of a castle'))('one day of a castle', async () => {
  await using scratch = new Scratch()
  scratch.addProject('project/blue')
  scratch.addProject('project/green')
  const secrets = {
    token: `tazpod@pve!blue=${canary('proxmox')}`,
    id: canary('clientid'),
    secret: canary('clientsecret'),
  }
  const kubectl = stub(scratch, 'kubectl', 'echo applied')
  await makeVault(scratch, {
    ...castleSecrets('blue'),
    BLUE_B1E00000_PROXMOX_API_TOKEN: secrets.token,
    BLUE_B1E00000_INFISICAL_CLIENT_ID: secrets.id,
    BLUE_B1E00000_INFISICAL_CLIENT_SECRET: secrets.secret,
  })
  const said: Buffer[] = []
  const day = async (
    cwd: string,
    args: string[],
    options: Parameters<typeof tazpod>[2] = {},
  ): Promise<Run> => {
    const owner =
      ['castle', 'vault', 'pull'].includes(args[0] ?? '') && !['lint', 'check'].includes(args[1] ?? '')
        ? { passphrase: PASSPHRASE }
        : {}
    const done = await tazpod(scratch, args, { cwd, timeout: 120_000, ...owner, ...options })
    said.push(done.stdoutBytes, Buffer.from(done.stderr))
    if (done.status !== 0) throw new Error(`${args.join(' ')} ended with ${done.status}: ${done.stderr}`)
    return done
  }
  const key = () =>
    must(scratch, ['vault', 'get', '--reveal', 'BLUE_B1E00000_TALOS_SECRETBOX_KEY'], {
      passphrase: PASSPHRASE,
      cwd: blue,
    })

  // morning: blue is made, planned and applied
  const blue = await newCastle(scratch, 'blue', BLUE)
  standIn(scratch, blue)
  await day(blue, ['castle', 'secretbox', 'new'], { passphrase: PASSPHRASE })
  await day(blue, ['trust', '--yes'])
  await day(blue, ['pull'], { passphrase: PASSPHRASE })
  await day(blue, ['castle', 'lint'])
  await day(blue, ['castle', 'plan'])
  await day(blue, ['castle', 'apply', '--', '-auto-approve'])
  const first = await key()

  // noon: External Secrets gets its identity, the credentials go into the store, green is copied
  await day(blue, ['castle', 'publish'])
  await day(blue, ['pull'])
  await day(blue, ['castle', 'render', 'eso', '--apply'])
  const [identity] = parseAllDocuments(kubectl().at(-1)?.stdin.toString() ?? '').map((one) => one.toJS())
  expect(identity.stringData).toEqual({ clientId: secrets.id, clientSecret: secrets.secret })
  rmSync(join(scratch.root, 'stub-kubectl'), { recursive: true }) // what the cluster would have got
  const copy = ['--from', 'blue', '--network', '10.0.20.0/24', '--first-vm-id', '2000', '--non-interactive']
  const green = await newCastle(scratch, 'green', copy)
  await day(green, ['castle', 'secretbox', 'new'], { passphrase: PASSPHRASE })
  expect(readFileSync(join(green, 'castle.json'), 'utf8')).not.toContain('BLUE')

  // evening: blue dies and is born again under another key
  await day(blue, ['castle', 'destroy', '--confirm', 'blue'])
  await day(blue, ['castle', 'recreate', '--confirm', 'blue'])
  const second = await key()
  expect(second).not.toBe(first)
  expect(JSON.parse(readFileSync(join(blue, 'castle.json'), 'utf8'))).toMatchObject({
    life: 'live',
    deaths: 1,
  })
  await day(blue, ['lock'])

  // night: nothing that was printed holds a secret, and on the disk only the state does
  const canaries = [first, second, secrets.id, secrets.secret, secrets.token]
  expect(scanBytes(Buffer.concat(said), canaries)).toEqual([])
  const hits = scan([scratch.root], canaries)
  const states = [join(blue, 'terraform.tfstate'), join(blue, 'terraform.tfstate.backup')]
  expect(hits.filter(({ path }: Hit) => !states.includes(path))).toEqual([])
  expect(new Set(hits.map((one) => one.canary))).toEqual(new Set([second]))
})
