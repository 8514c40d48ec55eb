/** Locked and unlocked inside a session: the shell goes on, and a person always sees which it is. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filled } from '../support/holder.ts'
import { tazpodBinary } from '../support/installed.ts'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import {
  footerShows,
  heldProject,
  leave,
  PREFIX,
  partsOf,
  ready,
  realProject,
  SESSION_CONFIG,
  shellAtTerminal,
  startBeside,
  unlockedProject,
} from '../support/shell/session.ts'
import { run } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'
import { isRoot } from '../support/users.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.asyncDispose]())

/** What a command from outside sees mounted by us: nothing of any other command. */
async function mountsOf(): Promise<string> {
  const script =
    "grep -E ' - (tmpfs|ramfs) tazpod ' /proc/self/mountinfo | cut -d' ' -f4,5 | sort; ls -A $TAZPOD_GHOST"
  return must(scratch, ['exec', '--', 'sh', '-c', script])
}

describe('locked from elsewhere', () => {
  test('the footer says so at once; tazpod pull in the shell goes on in it', async () => {
    await unlockedProject(scratch)
    const before = await mountsOf()
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await must(scratch, ['lock'])
    await footerShows(shell, 'LOCKED', 5_000)
    shell.line(`'${tazpodBinary()}' status`)
    await shell.waitForText('next: tazpod pull')
    shell.line(`'${tazpodBinary()}' pull`)
    await shell.waitForText('Passphrase of the vault:')
    shell.line(PASSPHRASE)
    await shell.waitForText('1 secret from vault')
    await footerShows(shell, 'unlocked', 5_000)
    shell.line(`'${tazpodBinary()}' exec -- sh -c 'echo "nested $(cat $TOKEN_FILE)"'`)
    await shell.waitForText('nested value')
    // The holder stands outside: other commands see nothing of this shell's, and it ends like any other.
    expect(await mountsOf()).toBe(before)
    await leave(shell)
    expect(await mountsOf()).toBe(before)
  })

  test('the new holder refuses the same user as ever', async () => {
    await unlockedProject(scratch)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await must(scratch, ['lock'])
    await footerShows(shell, 'LOCKED')
    shell.line(`'${tazpodBinary()}' pull -q`)
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
    await startBeside(scratch, shell)
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
  await unlockedProject(scratch)
  await using shell = new Terminal(scratch, [tazpodBinary(), 'exec', '--', 'bash', '--norc', '--noprofile'], {
    env: { PS1: 'in> ' },
  })
  await shell.waitForText('in>')
  shell.line(`'${tazpodBinary()}' lock`)
  expect(await until(() => scratch.holder() === undefined)).toBe(true)
  shell.line(`'${tazpodBinary()}' pull; echo "code $?"`)
  await shell.waitForText('Passphrase of the vault:')
  shell.line(PASSPHRASE)
  await shell.waitForText("can't be unlocked from inside a command")
  await shell.waitForText('code 75')
  expect(scratch.holder()).toBeUndefined()
  shell.line('exit')
  await shell.exit()
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
    await realProject(scratch)
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
    await realProject(scratch)
    await using shell = shellAtTerminal(scratch)
    await shell.waitForText('Passphrase of the vault:')
    shell.type(KEY.ctrlC)
    const { exitCode } = await shell.exit()
    expect(exitCode).not.toBe(0)
    expect(shell.text()).not.toMatch(/^in>/m)
    expect(scratch.holder()).toBeUndefined()
  })

  test('--passphrase-fd', async () => {
    await realProject(scratch)
    const file = scratch.file('passphrase', `${PASSPHRASE}\n`)
    const script = `SHELL=/bin/bash PS1='in> ' exec '${tazpodBinary()}' shell --passphrase-fd 3 -- --norc --noprofile 3< '${file}'`
    await using shell = new Terminal(scratch, ['bash', '-c', script])
    await shell.waitForText(/^in>/m)
    await footerShows(shell, 'unlocked')
    shell.line('ls -l /proc/$$/fd; echo listed')
    await shell.waitForText(/^listed/m)
    expect(shell.text()).not.toMatch(/ptmx|memfd|passphrase$/m) // nothing of the session's own reaches the shell
    await leave(shell)
  })

  test('session.scope: terminal: the session\u2019s own terminal gives the passphrase', async () => {
    await realProject(scratch, `${SESSION_CONFIG}session: { scope: terminal }\n`)
    await using shell = shellAtTerminal(scratch)
    await shell.waitForText('Passphrase of the vault:')
    shell.line(PASSPHRASE)
    await shell.waitForText(/^in>/m)
    await footerShows(shell, 'unlocked')
    shell.line(`'${tazpodBinary()}' exec -- sh -c 'echo "nested $(cat $TOKEN_FILE)"'`)
    await shell.waitForText('nested value')
    shell.type(`${PREFIX}u`)
    await footerShows(shell, 'type tazpod pull in the shell')
    await leave(shell)
  })
})

/** Node is closed to its own user (decision 0022); only as root is there anything to see. */
function environ(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch (error) {
    if (isRoot() || (error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    return ''
  }
}

test('the session reads no secret: nothing of it is in its parts', async () => {
  const secret = 'canary-8f3b1f0e55'
  await makeVault(scratch, { TOKEN: secret })
  await makeProject(scratch, SESSION_CONFIG)
  await must(scratch, ['pull'], { passphrase: PASSPHRASE })
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  const parts = await partsOf(scratch)
  for (const pid of [parts.node, parts.parent, parts.restorer, parts.watch])
    expect(environ(pid) + readFileSync(`/proc/${pid}/cmdline`, 'latin1')).not.toContain(secret)
  await leave(shell)
})
