/** Locked and unlocked inside a session: the shell goes on, and a person always sees which it is. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filled } from '../support/holder.ts'
import { tazpodBinary } from '../support/installed.ts'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import {
  footerShows,
  heldProject,
  partsOf,
  ready,
  SESSION_CONFIG,
  shellAtTerminal,
} from '../support/session.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.asyncDispose]())

const PREFIX = '\x1d'
const bin = (): string => `'${tazpodBinary()}'`

async function realProject(config = SESSION_CONFIG): Promise<void> {
  await makeVault(scratch, { TOKEN: 'value' })
  await makeProject(scratch, config)
}

async function unlockedProject(config?: string): Promise<void> {
  await realProject(config)
  await must(scratch, ['pull'], { passphrase: PASSPHRASE })
}

/** What a command from outside sees mounted by us: nothing of any other command. */
async function mountsOf(): Promise<string> {
  const script =
    "grep -E ' - (tmpfs|ramfs) tazpod ' /proc/self/mountinfo | cut -d' ' -f4,5 | sort; ls -A $TAZPOD_GHOST"
  return must(scratch, ['exec', '--', 'sh', '-c', script])
}

const runs = (command: string): boolean => scratch.processes().some((one) => one.command === command)

/** Types a command that runs in the background with secrets. It is counted before it has been given all of them. */
async function startBeside(shell: Terminal): Promise<void> {
  shell.line(`${bin()} exec -- sleep 1000 &`)
  await footerShows(shell, '1 running')
  expect(await until(() => runs('sleep 1000'))).toBe(true)
}

/** Starts `cat -v`, which shows keys. Before it is there they would be for the shell. */
async function startCat(shell: Terminal): Promise<void> {
  shell.line('cat -v')
  expect(await until(() => runs('cat -v'))).toBe(true)
}

async function leave(shell: Terminal): Promise<void> {
  shell.line('exit 0')
  expect(await shell.exit()).toMatchObject({ exitCode: 0 })
}

describe('locked from elsewhere', () => {
  test('the footer says so at once; tazpod pull in the shell goes on in it', async () => {
    await unlockedProject()
    const before = await mountsOf()
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await must(scratch, ['lock'])
    await footerShows(shell, 'LOCKED', 5_000)
    shell.line(`${bin()} status`)
    await shell.waitForText('next: tazpod pull')
    shell.line(`${bin()} pull`)
    await shell.waitForText('Passphrase of the vault:')
    shell.line(PASSPHRASE)
    await shell.waitForText('1 secret from vault')
    await footerShows(shell, 'unlocked', 5_000)
    shell.line(`${bin()} exec -- sh -c 'echo "nested $(cat $TOKEN_FILE)"'`)
    await shell.waitForText('nested value')
    // The holder stands outside: other commands see nothing of this shell's, and it ends like any other.
    expect(await mountsOf()).toBe(before)
    await leave(shell)
    expect(await mountsOf()).toBe(before)
  })

  test('the new holder refuses the same user as ever', async () => {
    await unlockedProject()
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await must(scratch, ['lock'])
    await footerShows(shell, 'LOCKED')
    shell.line(`${bin()} pull -q`)
    await shell.waitForText('Passphrase of the vault:')
    shell.line(PASSPHRASE)
    await footerShows(shell, 'unlocked')
    const holder = scratch.holder()?.pid
    const looks = await run(scratch, [
      'sh',
      '-c',
      `cat /proc/${holder}/environ /proc/${holder}/maps /proc/${holder}/ns/mnt; nsenter -U -m -t ${holder} true; echo done`,
    ])
    expect(looks.stdout).toBe('done\n')
    expect(looks.stderr.match(/Permission denied/g)).toHaveLength(4)
    await leave(shell)
  })

  test('commands that run are told of, and Ctrl-] s asks them to end', async () => {
    await heldProject(scratch)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await startBeside(shell)
    await must(scratch, ['lock'])
    await footerShows(shell, 'locked; 1 still run')
    shell.type(`${PREFIX}s`)
    await footerShows(shell, 'asked 1 to end')
    shell.line('wait %1') // only then is bash sure to know of the end, and to tell it
    await shell.waitForText('Terminated')
    await leave(shell)
  })
})

test('in a command without a session no holder is started', async () => {
  await unlockedProject()
  await using shell = new Terminal(scratch, [tazpodBinary(), 'exec', '--', 'bash', '--norc', '--noprofile'], {
    env: { PS1: 'in> ' },
  })
  await shell.waitForText('in>')
  shell.line(`${bin()} lock`)
  expect(await until(() => scratch.holder() === undefined)).toBe(true)
  shell.line(`${bin()} pull; echo "code $?"`)
  await shell.waitForText('Passphrase of the vault:')
  shell.line(PASSPHRASE)
  await shell.waitForText("can't be unlocked from inside a command")
  await shell.waitForText('code 75')
  expect(scratch.holder()).toBeUndefined()
  shell.line('exit')
  await shell.exit()
})

describe('the menu', () => {
  test('opens, closes by itself, and gives the key to the program', async () => {
    await heldProject(scratch)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await startCat(shell)
    shell.type(PREFIX)
    await footerShows(shell, 'l lock   u refresh   d dashboard   ? help   Esc')
    await shell.waitForText('^]')
    await footerShows(shell, 'Ctrl-] menu')
    shell.type(PREFIX + PREFIX)
    await shell.waitForText('^]^]')
    shell.type(KEY.ctrlC)
    await shell.waitForText(/\^C\s+in>/)
    await leave(shell)
  })

  test('--no-keys: every key is the program\u2019s', async () => {
    await heldProject(scratch)
    await using shell = shellAtTerminal(scratch, { flags: ['--no-keys'] })
    await ready(shell)
    expect(shell.screen()).not.toContain('menu')
    await startCat(shell)
    shell.type(`${PREFIX}l\r`)
    await shell.waitForText('^]l')
    await footerShows(shell, 'unlocked')
    shell.type(KEY.ctrlC)
    await shell.waitForText(/\^C\s+in>/)
    await leave(shell)
  })

  test('l locks', async () => {
    await heldProject(scratch)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    shell.type(`${PREFIX}l`)
    await footerShows(shell, 'LOCKED')
    expect(JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout)).toMatchObject({
      state: 'locked',
    })
    shell.line('echo "still here, $(cat $TOKEN_FILE)"')
    await shell.waitForText('still here, value')
    await leave(shell)
  })

  test('s locks and ends the others, not this shell', async () => {
    await heldProject(scratch)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await startBeside(shell)
    shell.type(`${PREFIX}s`)
    await footerShows(shell, 'LOCKED')
    expect(await until(() => !runs('sleep 1000'))).toBe(true)
    shell.line('echo here')
    await shell.waitForText(/^here/m)
    await leave(shell)
  })

  test('w locks when the others have ended', async () => {
    await heldProject(scratch)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await startBeside(shell)
    shell.type(`${PREFIX}w`)
    await footerShows(shell, 'locks when 1 running have ended')
    expect(JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout)).toMatchObject({
      state: 'unlocked',
    })
    shell.line('kill %1')
    await footerShows(shell, 'LOCKED')
    await leave(shell)
  })

  test('u unlocks on the same terminal, and the shell is there again as it was', async () => {
    await unlockedProject()
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    shell.line('seq 5')
    await shell.waitForText(/^5\nin>/m)
    await must(scratch, ['lock'])
    await footerShows(shell, 'LOCKED')
    const before = shell.screenRows().slice(0, -1)
    shell.type(`${PREFIX}u`)
    await shell.waitForText('Passphrase of the vault:')
    expect(shell.state().alternate).toBe(true)
    shell.line('wrong-passphrase')
    await shell.waitForScreen((screen) => screen.split('Passphrase of the vault:').length === 3)
    shell.line(PASSPHRASE)
    await footerShows(shell, 'unlocked')
    expect(shell.state().alternate).toBe(false)
    expect(shell.screenRows().slice(0, -1)).toEqual(before)
    shell.line(`${bin()} exec -- sh -c 'echo "again $(cat $TOKEN_FILE)"'`)
    await shell.waitForText('again value')
    await leave(shell)
  })

  test('u that fails says why, and any key goes back', async () => {
    await unlockedProject()
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await must(scratch, ['lock'])
    await footerShows(shell, 'LOCKED')
    shell.type(`${PREFIX}u`)
    await shell.waitForText('Passphrase of the vault:')
    shell.type(KEY.ctrlC)
    await shell.waitForText('any key goes back')
    shell.type('x')
    await footerShows(shell, 'LOCKED')
    shell.line('echo back')
    await shell.waitForText(/^back/m)
    await leave(shell)
  })

  test('from inside a full-screen program too', async () => {
    await unlockedProject()
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    scratch.file('project/text', 'some text\n'.repeat(100))
    shell.line('less text')
    await shell.waitForScreen((screen) => screen.startsWith(`${'some text\n'.repeat(22)}text\n`))
    await must(scratch, ['lock'])
    await footerShows(shell, 'LOCKED')
    const before = shell.screenRows().slice(0, -1)
    shell.type(`${PREFIX}u`)
    await shell.waitForText('Passphrase of the vault:')
    shell.line(PASSPHRASE)
    await footerShows(shell, 'unlocked')
    await shell.waitForScreen(
      () => JSON.stringify(shell.screenRows().slice(0, -1)) === JSON.stringify(before),
    )
    shell.type('q')
    await leave(shell)
  })

  test('? shows the help and goes back', async () => {
    await heldProject(scratch)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    shell.line('(until [ -e "$HOME/go" ]; do sleep 0.05; done; printf "la%s"  te; : > "$HOME/gone") &')
    shell.type(`${PREFIX}?`)
    await shell.waitForText('any key goes back')
    scratch.file('go', '')
    expect(await until(() => existsSync(join(scratch.home, 'gone')))).toBe(true)
    expect(await until(() => shell.screen().includes('late'), 300)).toBe(false) // the shell waits
    shell.type(' ')
    await footerShows(shell, 'unlocked')
    await shell.waitForText(/late/)
    await leave(shell)
  })
})

describe('the time that is left', () => {
  test('is told a minute before the end, and then that it is over', async () => {
    await filled(scratch, { secrets: { A: 'x' }, session: { max: 62, label: 'short' } })
    await using shell = shellAtTerminal(scratch)
    await footerShows(shell, /short unlocked 1m|locks in/)
    await footerShows(shell, /locks in 5\ds \(its time is over\)/) // it looks once a second, or a bit later
    expect(shell.raw).toContain('\x07')
    await leave(shell)
  })

  test('at the end the footer says locked', async () => {
    await filled(scratch, { secrets: { A: 'x' } })
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await filled(scratch, { secrets: { A: 'x' }, session: { max: 8, label: 'short' } }) // now: its start takes time
    await footerShows(shell, /short unlocked \ds/)
    await footerShows(shell, 'LOCKED')
    await leave(shell)
  })
})

describe('locked at the start', () => {
  test('it asks on the session\u2019s terminal and goes on', async () => {
    await realProject()
    await using shell = shellAtTerminal(scratch)
    await shell.waitForText('Passphrase of the vault:')
    await footerShows(shell, 'LOCKED')
    shell.line(PASSPHRASE)
    await shell.waitForText(/^in>/m)
    await footerShows(shell, 'unlocked')
    expect(shell.raw).not.toContain(PASSPHRASE)
    await leave(shell)
  })

  test('without the passphrase there is no shell', async () => {
    await realProject()
    await using shell = shellAtTerminal(scratch)
    await shell.waitForText('Passphrase of the vault:')
    shell.type(KEY.ctrlC)
    const { exitCode } = await shell.exit()
    expect(exitCode).not.toBe(0)
    expect(shell.text()).not.toMatch(/^in>/m)
    expect(scratch.holder()).toBeUndefined()
  })

  test('--passphrase-fd', async () => {
    await realProject()
    const file = scratch.file('passphrase', `${PASSPHRASE}\n`)
    const script = `SHELL=/bin/bash PS1='in> ' exec ${bin()} shell --passphrase-fd 3 -- --norc --noprofile 3< '${file}'`
    await using shell = new Terminal(scratch, ['bash', '-c', script])
    await shell.waitForText(/^in>/m)
    await footerShows(shell, 'unlocked')
    shell.line('ls -l /proc/$$/fd; echo listed')
    await shell.waitForText(/^listed/m)
    expect(shell.text()).not.toMatch(/ptmx|memfd|passphrase$/m) // nothing of the session's own reaches the shell
    await leave(shell)
  })

  test('session.scope: terminal: the session\u2019s own terminal gives the passphrase', async () => {
    await realProject(`${SESSION_CONFIG}session: { scope: terminal }\n`)
    await using shell = shellAtTerminal(scratch)
    await shell.waitForText('Passphrase of the vault:')
    shell.line(PASSPHRASE)
    await shell.waitForText(/^in>/m)
    await footerShows(shell, 'unlocked')
    shell.line(`${bin()} exec -- sh -c 'echo "nested $(cat $TOKEN_FILE)"'`)
    await shell.waitForText('nested value')
    shell.type(`${PREFIX}u`)
    await footerShows(shell, 'type tazpod pull in the shell')
    await leave(shell)
  })
})

test('the session reads no secret: nothing of it is in its parts', async () => {
  const secret = 'canary-8f3b1f0e55'
  await makeVault(scratch, { TOKEN: secret })
  await makeProject(scratch, SESSION_CONFIG)
  await must(scratch, ['pull'], { passphrase: PASSPHRASE })
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  const parts = await partsOf(scratch)
  for (const pid of [parts.node, parts.parent, parts.guard, parts.watch])
    expect(
      readFileSync(`/proc/${pid}/environ`, 'latin1') + readFileSync(`/proc/${pid}/cmdline`, 'latin1'),
    ).not.toContain(secret)
  await leave(shell)
})
