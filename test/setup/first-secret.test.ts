/** From an empty project to the first secret that a command gets: each step says what the next one is. */
import { expect, test } from 'vitest'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'

const EMPTY = 'version: 1\nprovider: vault\n'
const NAMING = 'add to tazpod.yaml, under secrets:\n  - { name: TOKEN, env: TOKEN_FILE }'

test('a secret that tazpod.yaml does not name goes nowhere, and that is said with the line to add', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  await makeProject(scratch, EMPTY)
  const pull = () => tazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
  expect((await pull()).stdout).toContain('tazpod.yaml names none yet\n  next: add to tazpod.yaml')
  const set = await tazpod(scratch, ['vault', 'set', 'TOKEN'], { passphrase: PASSPHRASE, stdin: 'value' })
  expect(set).toMatchObject({ status: 0, stderr: `no command here gets TOKEN yet\n  next: ${NAMING}\n` })
  const pulled = await pull()
  expect(pulled.stdout).toContain(`no command gets a secret: tazpod.yaml names none yet\n  next: ${NAMING}\n`)
  expect(JSON.parse(await must(scratch, ['pull', '--json']))).toMatchObject({ secrets: 0, choice: ['TOKEN'] })

  await makeProject(scratch, `${EMPTY}secrets:\n  - { name: TOKEN, env: TOKEN_FILE }\n`)
  const named = await pull()
  expect(named.stdout).toMatch(/every one +TOKEN +file/)
  expect(named.stdout).not.toContain('next:')
  expect(await must(scratch, ['exec', '--', 'sh', '-c', 'cat "$TOKEN_FILE"'])).toBe('value')
  const changed = await tazpod(scratch, ['vault', 'set', 'TOKEN', '--force'], {
    passphrase: PASSPHRASE,
    stdin: 'other',
  })
  expect(changed.stderr).toBe('unlocked since before this change: commands get it after tazpod pull\n')
})

test('an import says it once for all of them', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  await makeProject(scratch, `${EMPTY}secrets:\n  - { name: B }\n`)
  scratch.file('project/.env', 'A=1\nB=2\nC=3\nD=4\n')
  const done = await tazpod(scratch, ['vault', 'import', '.env'], { passphrase: PASSPHRASE })
  expect(done.stderr).toContain('no command here gets A and 2 more yet\n')
})

test('where the secrets come from Infisical, the vault is the wrong place', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  await makeProject(scratch, 'version: 1\nprovider: infisical\ninfisical: { project: p, environment: dev }\n')
  const done = await tazpod(scratch, ['vault', 'set', 'TOKEN'], { passphrase: PASSPHRASE, stdin: 'value' })
  expect(done.stderr).toContain('no command here gets TOKEN: this project has its secrets from infisical\n')
  expect(done.stderr).toContain('next: tazpod secrets push TOKEN\n')
})

test('a command that needs a secret which is not there does not start, and says where the way is told', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  await makeProject(scratch, `${EMPTY}secrets:\n  - { name: TOKEN, env: TOKEN_FILE }\n`)
  const pulled = await tazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
  expect(pulled.stderr).toContain('next: tazpod vault set TOKEN')
  const done = await tazpod(scratch, ['exec', '--', 'true'])
  expect(done).toMatchObject({ status: 65, stdout: '' })
  expect(done.stderr).toContain(
    'true needs the secret TOKEN, which the last pull did not find; nothing was started',
  )
  expect(done.stderr).toContain('next: tazpod pull, which says how to store it')
})
