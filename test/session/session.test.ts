import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { expiry, makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { Terminal, tazpodAtTerminal } from '../support/terminal.ts'

const PROJECT = `version: 1
provider: vault
secrets:
  - { name: FILE_SECRET, file: data, env: FILE_PATH }
  - { name: VALUE_SECRET, env: VALUE_SECRET, as: value }
commands:
  sh: { secrets: [FILE_SECRET, VALUE_SECRET] }
  cat: { secrets: [FILE_SECRET] }
  "*": { secrets: [] }
`
const VALUES = { FILE_SECRET: 'file-canary\n', VALUE_SECRET: 'value-canary' }
const PROMPT = 'Passphrase of the vault:'

async function projectWithVault(): Promise<Scratch> {
  const scratch = new Scratch()
  await makeVault(scratch, { ...VALUES, NOBODYS: 'not granted' })
  await makeProject(scratch, PROJECT)
  return scratch
}

test('pull: a table of grants on stdout, missing secrets on stderr, everything machine-readable with --json', async () => {
  await using scratch = await projectWithVault()
  const wide = `${PROJECT.replace('commands:', '  - { name: ABSENT, file: a }\ncommands:')}`
  await makeProject(scratch, wide)
  const { status, stdout, stderr } = await tazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
  expect(stderr).toBe(
    'tazpod: ABSENT is missing: commands that need it will not start\n  next: tazpod vault set ABSENT\n',
  )
  expect(stdout).toMatch(/^unlocked: .*2 secrets from vault\ncommand +gets +as +where\nsh +FILE_SECRET +file/)
  expect(stdout + stderr).not.toContain('canary')
  expect(status).toBe(0)
  const json = JSON.parse(await must(scratch, ['pull', '--json'])) // unlocked: asks for nothing
  expect(json).toMatchObject({
    project: scratch.project,
    from: 'session',
    secrets: 2,
    missing: ['ABSENT'],
    idle: 1800,
  })
  // What the vault has and nobody is granted is not held, and not counted.
  expect(JSON.parse(await must(scratch, ['status', '--json'])).secrets).toBe(2)
  expect(Date.parse(json.expiresAt) - Date.now()).toBeGreaterThan(11 * 3600_000)
})

test('exec on a terminal while locked asks, unlocks, and runs the command on the same terminal', async () => {
  await using scratch = await projectWithVault()
  await using terminal = tazpodAtTerminal(scratch, [
    'exec',
    '--',
    'sh',
    '-c',
    'cat "$FILE_PATH"; test -t 0 && echo TTY; exit 7',
  ])
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  expect((await terminal.exit()).exitCode).toBe(7)
  expect(terminal.text()).toContain('file-canary\nTTY')
})

test('exec asks for trust and the passphrase; a no to either starts nothing', async () => {
  await using scratch = await projectWithVault()
  await makeProject(scratch, `${PROJECT}# changed\n`, false)
  const start = () => tazpodAtTerminal(scratch, ['exec', '--', 'touch', 'started'])
  {
    await using terminal = start()
    await terminal.waitForText('Trust it?')
    terminal.line('n')
    expect((await terminal.exit()).exitCode).toBe(77)
  }
  {
    await using terminal = start()
    await terminal.waitForText('Trust it?')
    terminal.line('y')
    await terminal.waitForText(PROMPT)
    terminal.type('\x03')
    expect((await terminal.exit()).signal).toBe(2) // died of it, so that a shell ends its script too
  }
  expect(() => readFileSync(join(scratch.project, 'started'))).toThrow('ENOENT')
})

test('a changed tazpod.yaml stops exec until it is trusted; a re-written same content does not', async () => {
  await using scratch = await projectWithVault()
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  writeFileSync(join(scratch.project, 'tazpod.yaml'), PROJECT) // a new time, the same content
  await using terminal = tazpodAtTerminal(scratch, ['exec', '--', 'sh', '-c', 'cat "$FILE_PATH"'])
  expect((await terminal.exit()).exitCode).toBe(0)
  expect(terminal.text()).toContain('file-canary')
  writeFileSync(
    join(scratch.project, 'tazpod.yaml'),
    PROJECT.replace('"*": { secrets: [] }', '"*": { secrets: [VALUE_SECRET] }'),
  )
  const { status, stderr, stdout } = await run(scratch, [
    'setsid',
    '--wait',
    tazpodBinary(),
    'exec',
    '--',
    'env',
  ])
  expect(stderr).toMatch(/next: tazpod (trust|pull)/)
  expect(stdout).toBe('')
  expect(status).toBe(75)
})

test('a pull that is cancelled or fails leaves the session as it was', async () => {
  await using scratch = await projectWithVault()
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  const before = await expiry(scratch)
  expect((await tazpod(scratch, ['pull'], { passphrase: 'wrong' })).status).toBe(77)
  scratch.file('project/tazpod.yaml', 'version: 2\n', 0o644)
  expect((await tazpod(scratch, ['pull'])).status).toBe(65)
  scratch.file('project/tazpod.yaml', PROJECT, 0o644)
  expect(JSON.parse(await must(scratch, ['status', '--json'])).state).toBe('unlocked')
  expect(Math.abs((await expiry(scratch)) - before)).toBeLessThan(2_000)
})

test('three pulls at once: each works, one session is there, and it is whole', async () => {
  await using scratch = await projectWithVault()
  const pull = () => tazpod(scratch, ['pull', '-q'], { passphrase: PASSPHRASE, timeout: 55_000 })
  const pulls = Array.from({ length: 3 }, pull) // each derives its key: many would only test the processor
  for (const { status, stderr } of await Promise.all(pulls)) expect([status, stderr]).toEqual([0, ''])
  expect(await must(scratch, ['exec', '--', 'sh', '-c', 'cat "$FILE_PATH"'])).toBe('file-canary\n')
  expect(JSON.parse(await must(scratch, ['lock', '--json'])).state).toBe('locked')
})

test('exec --explain: names, paths, lifetime and readers, no value; locked as well', async () => {
  await using scratch = await projectWithVault()
  const explain = async () =>
    JSON.parse(await must(scratch, ['exec', '--explain', '--json', '--', '/bin/sh', '-c', 'x']))
  expect(await explain()).toMatchObject({
    locked: true,
    rows: [{ secret: 'FILE_SECRET' }, { secret: 'VALUE_SECRET' }],
  })
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  const { rows, missing } = await explain()
  expect(missing).toEqual([])
  expect(rows[0]).toMatchObject({
    delivery: 'file',
    variables: ['FILE_PATH'],
    where: expect.stringMatching(/\/ghost\/FILE_SECRET\/data$/),
  })
  expect(rows[1]).toMatchObject({ delivery: 'value', where: 'VALUE_SECRET' })
  const wrong = ['--only', 'OTHER', '--', 'sh', '-c', 'touch ran']
  const [explained, started] = [['exec', '--explain'], ['exec']].map((verb) =>
    tazpod(scratch, [...verb, ...wrong]),
  )
  expect(await explained).toEqual(await started) // the same refusal, word for word
  expect(await started).toMatchObject({
    status: 65,
    stderr: expect.stringContaining('--only OTHER: sh is not'),
  })
  const human = await must(scratch, ['exec', '--explain', 'sh'])
  expect(human + JSON.stringify(rows)).not.toContain('canary')
  expect(Math.max(...human.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
})

test('env: shell lines that a shell reads back, paths only; values never to a terminal', async () => {
  await using scratch = await projectWithVault()
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  const { stdout, stderr } = await tazpod(scratch, ['env', 'sh'])
  expect(stderr).toBe('left out, they hold values: VALUE_SECRET\n')
  const read = await run(scratch, ['sh', '-c', `${stdout}\nprintf %s "$FILE_PATH"`])
  expect(read.stdout).toMatch(/\/ghost\/FILE_SECRET\/data$/)
  expect(await must(scratch, ['env', 'sh', '--values'], { passphrase: PASSPHRASE })).toContain(
    "export VALUE_SECRET='value-canary'",
  )
  await using terminal = tazpodAtTerminal(scratch, ['env', 'sh', '--values'])
  expect((await terminal.exit()).exitCode).toBe(77)
  expect(terminal.text()).not.toContain('canary')
})

test('secrets: what is named, what is there, who gets it', async () => {
  await using scratch = await projectWithVault()
  const locked = await tazpod(scratch, ['secrets', '--json'])
  expect(JSON.parse(locked.stdout)).toMatchObject({
    state: 'locked',
    secrets: [{ name: 'FILE_SECRET', source: 'unknown' }, {}],
  })
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  const { secrets } = JSON.parse(await must(scratch, ['secrets', '--json']))
  expect(secrets[0]).toEqual({
    name: 'FILE_SECRET',
    source: 'vault',
    grants: [
      { command: 'sh', as: 'file', where: 'FILE_SECRET/data', variables: ['FILE_PATH'] },
      { command: 'cat', as: 'file', where: 'FILE_SECRET/data', variables: ['FILE_PATH'] },
    ],
    held: {
      updated: expect.any(String),
      bytes: expect.any(Number),
      fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
    },
  })
})

test('save: files of the work folder into the vault, byte for byte, against the passphrase', async () => {
  await using scratch = await projectWithVault()
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  const script =
    'mkdir -p "$TAZPOD_GHOST/work/sub" && printf "a\\000b\\r\\n" > "$TAZPOD_GHOST/work/sub/x" && "$0" save sub/x --json --passphrase-fd 3 3<pass'
  scratch.file('project/pass', PASSPHRASE)
  const saved = await tazpod(scratch, ['exec', '--', 'sh', '-c', script, tazpodBinary()])
  expect(saved.stderr).toBe('')
  expect(JSON.parse(saved.stdout)).toEqual({ saved: [{ name: 'sub/x', size: 5 }] })
  const { files } = JSON.parse(await must(scratch, ['vault', 'list', '--json'], { passphrase: PASSPHRASE }))
  expect(files).toMatchObject([{ name: 'sub/x', size: 5 }])
})

test.each([
  ['../outside', 'only names of files inside'],
  ['/etc/passwd', 'only names of files inside'],
  ['link', 'symbolic link'],
  ['linked/passwd', 'symbolic link'],
  ['fifo', 'no plain file'],
  ['absent', 'no such file'],
])('save refuses %s, and the vault stays as it is', async (name, why) => {
  await using scratch = await projectWithVault()
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  const script =
    '(cd "$TAZPOD_GHOST/work" && ln -s /etc/passwd link && ln -s /etc linked && mkfifo fifo); "$0" save "$1" --passphrase-fd 3 3<pass'
  scratch.file('project/pass', PASSPHRASE)
  const { status, stderr } = await tazpod(scratch, ['exec', '--', 'sh', '-c', script, tazpodBinary(), name])
  expect(stderr).toContain(why)
  expect(status).toBe(65)
  expect(
    JSON.parse(await must(scratch, ['vault', 'list', '--json'], { passphrase: PASSPHRASE })).files,
  ).toEqual([])
})

test('save in a folder of another project, or of none, does not open the vault of that one', async () => {
  await using scratch = await projectWithVault()
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  const script = 'cd "$TAZPOD_GHOST/work" && echo x >x && "$0" save x --non-interactive'
  const { status, stderr } = await tazpod(scratch, ['exec', '--', 'sh', '-c', script, tazpodBinary()])
  expect(stderr).toMatch(/does not belong to the project of this session.*\n {2}next: cd to the project/)
  expect(status).toBe(64)
})

test('save outside of a session says where it works', async () => {
  await using scratch = await projectWithVault()
  const { status, stderr } = await tazpod(scratch, ['save', 'x'])
  expect(stderr).toContain('next: tazpod exec -- tazpod save NAME')
  expect(status).toBe(64)
})

test('log: unlock, grant, exit and lock with names; damaged lines are counted, --since and --last narrow', async () => {
  await using scratch = await projectWithVault()
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  await must(scratch, ['exec', '--', 'cat', '/dev/null'])
  await must(scratch, ['lock'])
  const lines = JSON.parse(await must(scratch, ['log', '--json']))
  const events = lines.map((line: { event: string }) => line.event)
  expect(events).toEqual(expect.arrayContaining(['unlock', 'grant', 'lock']))
  expect(lines.find((l: { event: string }) => l.event === 'grant')).toMatchObject({
    command: 'cat',
    secrets: ['FILE_SECRET'],
  })
  const path = join(scratch.state, 'tazpod/log.jsonl')
  const text = readFileSync(path, 'utf8')
  expect(text).not.toContain('canary')
  writeFileSync(path, `{"time":"2020-01-01T00:00:00Z","event":"lock"}\nnonsense\n[]\n${text}{"time":"2026`)
  const all = await tazpod(scratch, ['log', '--json'])
  expect(JSON.parse(all.stdout)).toHaveLength(lines.length + 1)
  expect(all.stderr).toContain('3 damaged lines')
  expect(JSON.parse(await must(scratch, ['log', '--json', '--since', '1h']))).toHaveLength(lines.length)
  expect(JSON.parse(await must(scratch, ['log', '--json', '--last', '1']))[0].event).toBe('lock')
  expect((await tazpod(scratch, ['log', '--since', 'yesterday'])).status).toBe(64)
})

test('guide --non-interactive says where one stands and what comes next', async () => {
  await using scratch = new Scratch()
  const next = async (expected: string) => {
    await using terminal = tazpodAtTerminal(scratch, ['guide', '--non-interactive'])
    await terminal.waitForText(`next: ${expected}`)
    expect((await terminal.exit()).exitCode).toBe(0)
  }
  await next('tazpod init')
  await makeVault(scratch, VALUES)
  await makeProject(scratch, PROJECT, false)
  await next('tazpod trust')
  await must(scratch, ['trust', '--yes'])
  await next('tazpod pull')
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  await next('tazpod exec')
})

test('outside a project the compartment default gives every command every secret', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { A: 'a-value' })
  const cwd = scratch.home
  expect(await must(scratch, ['pull'], { passphrase: PASSPHRASE, cwd })).toContain(
    'every command gets every secret',
  )
  expect(await must(scratch, ['exec', '--', 'sh', '-c', 'cat "$TAZPOD_GHOST/A/A"'], { cwd })).toBe('a-value')
})

test('doctor: every finding has a state, a failing one a fix, and the exit code says whether one fails', async () => {
  await using scratch = await projectWithVault()
  const { status, stdout } = await tazpod(scratch, ['doctor', '--json'])
  const { ok, findings } = JSON.parse(stdout)
  expect(status).toBe(ok ? 0 : 69)
  for (const { state, check, text, fix } of findings) {
    expect(['ok', 'warn', 'fail'], check).toContain(state)
    expect(text, check).not.toBe('')
    if (state === 'fail') expect(fix, check).toBeTruthy()
  }
  const open = join(scratch.data, 'tazpod/vault.age')
  await run(scratch, ['chmod', '644', open])
  const after = await tazpod(scratch, ['doctor'])
  expect(after.status).toBe(69)
  expect(after.stdout).toContain(`chmod 600 ${open}`)
  await run(scratch, ['chmod', '600', open])
  const bound = 'binds:\n  - { path: a.env, format: dotenv, values: { A: FILE_SECRET } }\ncommands:'
  scratch.file('project/tazpod.yaml', PROJECT.replace('commands:', bound), 0o644)
  expect((await tazpod(scratch, ['doctor'])).stdout).toContain('a.env is made by the next pull')
  scratch.file('project/a.env', 'A=clear\n')
  const clear = await tazpod(scratch, ['doctor'])
  expect(clear).toMatchObject({ status: 69, stdout: expect.stringContaining('a.env holds clear text') })
  expect(clear.stdout).toContain('tazpod vault import a.env --format dotenv --empty')
  scratch.file('project/tazpod.yaml', 'version: 2\n', 0o644)
  expect((await tazpod(scratch, ['doctor'])).stdout).toMatch(/! warn +project +\S*tazpod\.yaml/)
})

test('the activity of a terminal is not in the way: a shell pipeline around pull keeps its output clean', async () => {
  await using scratch = await projectWithVault()
  await using terminal = new Terminal(scratch, [
    'sh',
    '-c',
    '"$0" pull --json | grep -c from',
    tazpodBinary(),
  ])
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  expect((await terminal.exit()).exitCode).toBe(0)
  expect(terminal.text().trimEnd().endsWith('1')).toBe(true)
})
