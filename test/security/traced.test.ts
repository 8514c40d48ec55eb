/** A neighbour that attaches with ptrace while the passphrase is in the air: nothing is handed to a process that is traced. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filled, frameOf, holderPid, native, nativeBinary } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { asUser } from '../support/users.ts'

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

describe.skipIf(!need('strace', 'a race'))('a race', () => {
  let attacker: ChildProcess | undefined
  afterEach(() => attacker?.kill('SIGKILL'))

  /** Attaches to every process of this person whose command line says `ghost`, as fast as it can. */
  const HUNT = `
    while :; do for p in /proc/[0-9]*; do
      case "$(tr '\\0' ' ' <"$p/cmdline" 2>/dev/null)" in *"ghost hold"*|*"ghost put"*|*"ghost monitor"*)
        timeout 2 strace -qq -f -s 4096 -o "$1/trace.\${p##*/}" -p "\${p##*/}" 2>/dev/null & esac
    done; done`

  test('attaching to whatever starts, during 60 unlocks: no value is seen, and no holder stays traced', async () => {
    const [command = '', ...args] = asUser(scratch.uid, ['sh', '-c', HUNT, 'sh', scratch.home])
    attacker = spawn(command, args, { env: scratch.env, cwd: scratch.home, stdio: 'ignore', detached: true })
    let unlocked = 0
    for (let round = 0; round < 60; round++) {
      const done = await native(scratch, ['ghost', 'put'], { stdin: frameOf(SET) })
      expect([0, 71, 77]).toContain(done.status)
      if (done.status === 0) {
        unlocked++
        const pid = holderPid(scratch)
        if (pid > 0) expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^TracerPid:\t0$/m)
      }
      await native(scratch, ['lock'])
    }
    process.kill(-(attacker.pid ?? 0), 'SIGKILL')
    const seen = await run(scratch, ['sh', '-c', 'cat trace.* 2>/dev/null | grep -c "secret value"'], {
      cwd: scratch.home,
    })
    expect(seen.stdout.trim()).toBe('0')
    expect(unlocked).toBeGreaterThan(0)
    await until(() => scratch.processes().length === 0)
  }, 240_000)
})
