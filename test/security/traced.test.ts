/** A neighbour that attaches with ptrace while the passphrase is in the air: nothing is handed to a process that is traced. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filled, frameOf, holderPid, native, nativeBinary } from '../support/holder.ts'
import { tazpodBinary } from '../support/installed.ts'
import { makeVault, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { type Terminal, tazpodAtTerminal } from '../support/terminal.ts'
import { need, needRoot } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { asUser, STRANGER } from '../support/users.ts'

const SET = { secrets: { A: 'secret value' } }
const WORDS = /process \d+ \(strace\) is attached to .* and would see every secret; nothing was handed over/

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.asyncDispose]())

const traced = (...args: string[]): string[] => ['strace', '-qq', '-e', 'trace=none', nativeBinary(), ...args]

describe.skipIf(!need('strace', 'a tracer'))('a tracer', () => {
  test.each([
    ['exec', ['exec', '--', 'sh', '-c', 'cat "$A_FILE"'], ''],
    ['get', ['ghost', 'get', '--key', 'A'], 'key'],
    ['prove', ['ghost', 'prove'], 'key'],
  ])('of %s sees no value', async (_verb, args, stdin) => {
    await filled(scratch, SET)
    const done = await run(scratch, traced(...args), { stdin })
    expect(done).toMatchObject({ status: 77, stdout: '' })
    expect(done.stderr).toMatch(WORDS)
    expect(done.stdout + done.stderr).not.toContain('secret value')
    expect((await native(scratch, args, { stdin })).status).toBe(0) // the control
  })

  test('of put: nothing is unlocked', async () => {
    const done = await run(scratch, traced('ghost', 'put'), { stdin: frameOf(SET) })
    expect(done.status).toBe(77)
    expect(done.stderr).toMatch(WORDS)
    expect(holderPid(scratch)).toBe(0)
  })

  test('that follows into the holder: it does not start', async () => {
    const argv = [
      'strace',
      '-f',
      '-qq',
      '-e',
      'trace=none',
      nativeBinary(),
      'ghost',
      'hold',
      scratch.runtime,
      '3',
    ]
    const done = await run(scratch, argv)
    expect(done.status).toBe(77)
    expect(holderPid(scratch)).toBe(0)
  })

  test('can not attach to a holder, or to its monitor, that is there', async () => {
    await filled(scratch, SET)
    const monitor = scratch.processes().find(({ command }) => command.includes('ghost monitor'))
    for (const pid of [holderPid(scratch), monitor?.pid ?? 0]) {
      const done = await run(scratch, ['strace', '-qq', '-p', `${pid}`])
      expect(done.status).not.toBe(0)
      expect(done.stderr).toContain('Operation not permitted')
      expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^TracerPid:\t0$/m)
    }
  })
})

describe.skipIf(!need('strace', 'a tracer'))('while the passphrase is typed', () => {
  /** A pull that waits at its question. Its process is Node. */
  async function asking(): Promise<Terminal> {
    await makeVault(scratch, { A: 'a' })
    const terminal = tazpodAtTerminal(scratch, ['pull'])
    await terminal.waitForText('Passphrase of the vault:')
    return terminal
  }

  test('nobody of the same user looks into Node, or attaches to it', async () => {
    await using terminal = await asking()
    const attack = `
      for what in environ maps mem; do head -c 1 /proc/$1/$what >/dev/null 2>&1 && echo "read $what"; done
      ls /proc/$1/fd >/dev/null 2>&1 && echo "read fd"
      readlink /proc/$1/root >/dev/null 2>&1 && echo "read root"
      strace -qq -p $1 2>&1 | grep -o "Operation not permitted"`
    const tried = (pid: number) => run(scratch, ['sh', '-c', attack, 'sh', `${pid}`])
    expect((await tried(terminal.pid)).stdout).toBe('Operation not permitted\n')
    // the control: a Node whose file can be read
    const node = (await run(scratch, ['sh', '-c', 'command -v node'])).stdout.trim() || process.execPath
    const [command = '', ...args] = asUser(scratch.uid, [node, '-e', 'setTimeout(() => {}, 8000)'])
    const open = spawn(command, args, { env: scratch.env, cwd: '/', stdio: 'ignore' })
    await until(
      async () => (await run(scratch, ['head', '-c', '1', `/proc/${open.pid}/environ`])).status === 0,
    )
    expect((await run(scratch, ['head', '-c', '1', `/proc/${open.pid}/environ`])).status).toBe(0)
    open.kill('SIGKILL')
    terminal.line(PASSPHRASE)
    await terminal.waitForText('unlocked:')
  })

  test('a pull that is traced asks for nothing', async () => {
    await makeVault(scratch, { A: 'a' })
    const trace = join(scratch.home, 'trace')
    const argv = [
      'strace',
      '-f',
      '-qq',
      '-s',
      '4096',
      '-o',
      trace,
      tazpodBinary(),
      'pull',
      '--passphrase-fd',
      '0',
    ]
    const done = await run(scratch, argv, { stdin: `${PASSPHRASE}\n`, timeout: 60_000 })
    expect(done).toMatchObject({ status: 77, stdout: '' })
    expect(done.stderr).toMatch(
      /process \d+ \(strace\) is attached .* would see the passphrase; nothing was asked for/,
    )
    expect(readFileSync(trace, 'latin1')).not.toContain(PASSPHRASE)
  })
})

// A user of their own: the attacker sees every process of theirs, and the other tests' are nobody's.
const canRace = needRoot('a race') && need('strace', 'a race') && need('python3', 'a race')

describe.skipIf(!canRace)('a race', () => {
  let attacker: ChildProcess | undefined
  beforeEach(async () => {
    await scratch[Symbol.asyncDispose]()
    scratch = new Scratch(STRANGER - 7)
  })
  afterEach(() => attacker?.pid && process.kill(-attacker.pid, 'SIGKILL'))

  /** Attaches to every process of this person that may get a secret, as soon as its number is there. */
  const HUNT = `
import os, subprocess, sys
known = set()
while True:
    for name in os.listdir('/proc'):
        if not name.isdigit() or name in known: continue
        try: line = open(f'/proc/{name}/cmdline', 'rb').read().replace(b'\\0', b' ')
        except OSError: continue
        if line == b'' or line.startswith((b'setpriv', b'sh ')): continue  # it is about to become something else
        known.add(name)
        if any(what in line for what in (b'ghost hold', b'ghost put', b'ghost monitor', b' pull')) and b'strace' not in line:
            subprocess.Popen(['strace', '-qq', '-f', '-s', '4096', '-o', f'{sys.argv[1]}/trace.{name}', '-p', name],
                             stderr=subprocess.DEVNULL)
`

  /** Starts the hunt; what it has seen so far is in the files trace.PID. */
  function hunt(): void {
    const [command = '', ...args] = asUser(scratch.uid, ['python3', '-c', HUNT, scratch.home])
    attacker = spawn(command, args, { env: scratch.env, cwd: scratch.home, stdio: 'ignore', detached: true })
  }

  /** How many lines of the traces hold this text. */
  async function seen(text: string): Promise<number> {
    const script = 'cat trace.* 2>/dev/null | grep -cF "$1"'
    return Number((await run(scratch, ['sh', '-c', script, 'sh', text], { cwd: scratch.home })).stdout)
  }

  /** The holder that is there is not traced. */
  function expectClosed(): void {
    const pid = holderPid(scratch)
    if (pid > 0) expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^TracerPid:\t0$/m)
  }

  test('attaching to whatever starts, during 60 sets: no value is seen, and no holder stays traced', async () => {
    hunt()
    let unlocked = 0
    for (let round = 0; round < 60; round++) {
      const done = await native(scratch, ['ghost', 'put'], { stdin: frameOf(SET) })
      expect([0, 71, 77]).toContain(done.status)
      unlocked += done.status === 0 ? 1 : 0
      expectClosed()
      await native(scratch, ['lock'])
    }
    expect(await seen('secret value')).toBe(0)
    expect(unlocked).toBeGreaterThan(0)
  }, 240_000)

  test('during 60 pulls: no passphrase and no value is seen', async () => {
    await makeVault(scratch, { A: 'secret value' })
    hunt()
    let unlocked = 0
    for (let round = 0; round < 60; round++) {
      const done = await run(scratch, [tazpodBinary(), 'pull', '--passphrase-fd', '0'], {
        stdin: `${PASSPHRASE}\n`,
      })
      expect([0, 71, 77], done.stderr).toContain(done.status)
      unlocked += done.status === 0 ? 1 : 0
      expectClosed()
      await native(scratch, ['lock'])
    }
    expect([await seen(PASSPHRASE), await seen('secret value'), await seen('AGE-SECRET-KEY')]).toEqual([
      0, 0, 0,
    ])
    expect(unlocked).toBeGreaterThan(0)
  }, 240_000)
})
