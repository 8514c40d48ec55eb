import { expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { expiry, makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { startTazpod, tazpod } from '../support/tazpod.ts'
import { KEY, Terminal, tazpodAtTerminal } from '../support/terminal.ts'

const VALUE = 'canary-5d2f-dashboard'
const PROJECT = `version: 1
provider: vault
session: { max: 1h }
secrets:
  - { name: TOKEN, file: token, env: TOKEN_FILE }
  - { name: ABSENT }
commands:
  sleep: { secrets: [TOKEN] }
  sh: { secrets: [TOKEN] }
`

async function project(pulled: boolean): Promise<Scratch> {
  const scratch = new Scratch()
  await makeVault(scratch, { TOKEN: VALUE })
  await makeProject(scratch, PROJECT)
  if (pulled) await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  return scratch
}

const open = (scratch: Scratch): Terminal => tazpodAtTerminal(scratch, ['dashboard'], { cols: 80, rows: 24 })
const shows = (terminal: Terminal, text: string): Promise<void> =>
  terminal.waitForScreen((screen) => screen.includes(text))

/** Waits for the n-th question on the screen: what is typed before it is thrown away. */
const asked = (terminal: Terminal, n = 1): Promise<void> =>
  terminal.waitForScreen((screen) => screen.split('Passphrase of the vault:').length - 1 === n)

test('pull from the dashboard: the real prompt, wrong and right, then the screen again', async () => {
  await using scratch = await project(false)
  await using terminal = open(scratch)
  await shows(terminal, '○ locked')
  terminal.type('p')
  await asked(terminal)
  expect(terminal.modes).toMatchObject({ alternateScreen: false, mouse: 'none', cursorHidden: false })
  terminal.line('wrong')
  await shows(terminal, 'wrong passphrase, try again')
  await asked(terminal, 2)
  terminal.line(PASSPHRASE)
  await shows(terminal, '● unlocked  vault  1 secret')
  await shows(terminal, 'missing: ABSENT')
  await terminal.waitForScreen((screen) => /› ABSENT +missing/.test(screen))
  await terminal.waitForScreen((screen) => /TOKEN +vault +.* ago +[0-9a-f]{8} +sleep, sh/.test(screen))
  terminal.type('q')
  expect((await terminal.exit()).exitCode).toBe(0)
  expect(terminal.raw).not.toContain(PASSPHRASE.slice(0, 6))
})

test.each([
  ['Esc', KEY.escape],
  ['Ctrl-C', KEY.ctrlC],
])('%s at the prompt goes back to the dashboard, still locked', async (_name, key) => {
  await using scratch = await project(false)
  await using terminal = open(scratch)
  await shows(terminal, '○ locked')
  terminal.type('p')
  await asked(terminal)
  terminal.type(key)
  await shows(terminal, 'interrupted; nothing was changed')
  await shows(terminal, '○ locked')
  terminal.type('q')
  await terminal.exit()
})

test('reveal: only with the passphrase, and no trace of the value afterwards', async () => {
  await using scratch = await project(true)
  await using terminal = open(scratch)
  await shows(terminal, '● unlocked')
  terminal.type('jr')
  await shows(terminal, 'The passphrase shows TOKEN for 10 s.')
  await asked(terminal)
  terminal.line('wrong')
  await shows(terminal, 'wrong passphrase, try again')
  await asked(terminal, 2)
  expect(terminal.raw).not.toContain(VALUE)
  terminal.line(PASSPHRASE)
  await shows(terminal, VALUE)
  expect(terminal.modes).toMatchObject({ alternateScreen: true, mouse: 'none' })
  terminal.type(' ')
  await shows(terminal, 'TOKEN was shown, and is wiped')
  terminal.type('q')
  await terminal.exit()
  expect(terminal.text()).not.toContain(VALUE)
})

test('extend: only the passphrase pushes the end back, a pull does not', async () => {
  await using scratch = await project(true)
  const before = await expiry(scratch)
  await using terminal = open(scratch)
  await shows(terminal, '● unlocked')
  await new Promise((resolve) => setTimeout(resolve, 4_100)) // status says whole seconds, so each figure may be 1 s off
  terminal.type('p')
  await shows(terminal, 'unlocked; 1 secret from vault')
  expect((await expiry(scratch)) - before).toBeLessThanOrEqual(1_000)
  terminal.type('e')
  await asked(terminal)
  terminal.line(PASSPHRASE)
  // '● unlocked' stood on the screen before: it does not say that the passphrase has been taken.
  await expect
    .poll(async () => (await expiry(scratch)) - before, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(3_000)
  await shows(terminal, '● unlocked')
  terminal.type('q')
  await terminal.exit()
})

test('a command that runs shows with what it holds; lock asks, and s ends it', async () => {
  await using scratch = await project(true)
  const sleep = startTazpod(scratch, ['exec', '--only', 'TOKEN', '--', 'sleep', '300'])
  await using terminal = open(scratch)
  await shows(terminal, '2 running (1)')
  terminal.type('2')
  await shows(terminal, 'sleep: TOKEN')
  terminal.type('l')
  await shows(terminal, 'Lock while 1 command')
  terminal.type(KEY.escape)
  await shows(terminal, 'sleep: TOKEN')
  expect(terminal.screen()).toContain('● unlocked')
  terminal.type('ls')
  await shows(terminal, 'locked; 1 secret wiped')
  await shows(terminal, '○ locked')
  await new Promise<void>((resolve) =>
    sleep.exitCode === null && sleep.signalCode === null ? sleep.once('close', () => resolve()) : resolve(),
  )
  expect(sleep.signalCode).toBe('SIGTERM')
  terminal.type('q')
  await terminal.exit()
})

test('what happens in another terminal shows within seconds: a lock, a grant, a changed file', async () => {
  await using scratch = await project(true)
  await using terminal = open(scratch)
  await shows(terminal, '● unlocked')
  terminal.type('3')
  await terminal.waitForScreen((screen) => /unlock +1 secret/.test(screen))
  await must(scratch, ['exec', '--', 'sh', '-c', ':'])
  await terminal.waitForScreen((screen) => /grant +sh \d+ +TOKEN/.test(screen))
  await must(scratch, ['lock'])
  await shows(terminal, '○ locked')
  scratch.file('project/tazpod.yaml', PROJECT.replace('1h', '2h'), 0o644)
  await shows(terminal, 'has changed and is not trusted')
  terminal.type('t')
  await shows(terminal, '+ stays unlocked at most 2 h')
  terminal.type('y')
  await shows(terminal, 'trusted; a pull makes it count')
  expect(JSON.parse(await must(scratch, ['trust', '--show', '--json'])).state).toBe('trusted')
  terminal.type('q')
  await terminal.exit()
})

test('--plain, a pipe and TERM=dumb: the same facts as sentences, once', async () => {
  await using scratch = await project(true)
  const piped = await must(scratch, ['dashboard'])
  expect(piped).toMatch(/^Project: .*\nState: unlocked, 1 secret from vault\nLocks: locks in .*, at \d{4}-/)
  expect(piped).toMatch(
    /^TOKEN, from vault, 21 bytes, changed .*, fingerprint [0-9a-f]{8}\n {2}sleep gets it as the file TOKEN\/token, path in \$TOKEN_FILE$/m,
  )
  expect(piped).toMatch(/^Isolation: (rootless: your other programs can read|root: every program of root)/m)
  expect(piped).toMatch(/^ABSENT, missing$/m)
  expect(piped).toMatch(/^Running with secrets: 0$/m)
  expect(piped).toMatch(/, unlock: 1 secret$/m)
  expect(piped).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f─█░●]/)
  await using plain = tazpodAtTerminal(scratch, ['dashboard', '--plain'])
  expect((await plain.exit()).exitCode).toBe(0)
  expect(plain.text()).toContain('State: unlocked')
  await using dumb = new Terminal(scratch, ['env', 'TERM=dumb', tazpodBinary(), 'dashboard'])
  expect((await dumb.exit()).exitCode).toBe(0)
  expect(dumb.raw).not.toContain('\x1b')
})

test('--json: the facts of the screen, no value', async () => {
  await using scratch = await project(true)
  const text = await must(scratch, ['dashboard', '--json'])
  expect(text).not.toContain(VALUE)
  expect(JSON.parse(text)).toMatchObject({
    status: { state: 'unlocked', secrets: 1 },
    trust: 'trusted',
    limits: { idle: 1_800, max: 3_600 },
    secrets: [
      { name: 'ABSENT', source: 'missing' },
      { name: 'TOKEN', source: 'vault', held: { bytes: 21 } },
    ],
    activity: [{ event: 'unlock' }],
  })
})

test('fingerprints: equal for equal values of a vault, and of no use against another vault', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { A: '1234', B: '1234', C: '1235' })
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  const prints = async (owner: Scratch) => {
    const { secrets } = JSON.parse(await must(owner, ['secrets', '--json']))
    return secrets.map(({ held }: { held: { fingerprint: string } }) => held.fingerprint)
  }
  const [a, b, c] = await prints(scratch)
  expect(a).toBe(b)
  expect(c).not.toBe(a)
  await using other = new Scratch()
  await makeVault(other, { A: '1234' })
  await must(other, ['pull', '-q'], { passphrase: PASSPHRASE })
  expect((await prints(other))[0]).not.toBe(a)
})

test('outside of a project, locked: nothing is known, and it says how to go on', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { TOKEN: VALUE })
  await using terminal = open(scratch)
  await shows(terminal, 'locked, so the names in the vault are not known')
  terminal.type('p')
  await asked(terminal)
  terminal.line(PASSPHRASE)
  await terminal.waitForScreen((screen) => /› TOKEN +vault .* every command/.test(screen))
  terminal.type('q')
  await terminal.exit()
  const piped = await tazpod(scratch, ['dashboard'])
  expect(piped.stdout).toContain('no project here (compartment default)')
})
