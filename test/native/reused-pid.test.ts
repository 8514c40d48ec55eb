/** scope: terminal goes by processes, not by their numbers: who got the number of another one is somebody else. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { frameOf, nativeBinary, runtimeOf } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { Terminal } from '../support/terminal.ts'
import { need, needRoot, sayWhy } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { asUser } from '../support/users.ts'

/** Connects, ends, and leaves the connection to a child, which asks when it is told to. */
const ASK = `
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
asker = os.getpid()
if os.fork(): os._exit(0)
os.setsid() # a number that names a session or group is not given again
print(asker, flush=True)
while not os.path.exists(sys.argv[2]): time.sleep(0.01)
s.sendall(b'TZ\\x04\\x09\\x09\\0\\0\\0\\0\\0\\0\\0\\x01\\0\\x01\\0A')
data = b''
while (piece := s.recv(4096)): data += piece
sys.stdout.buffer.write(data)
`

/** The next process gets this number, if it is free (proc(5), ns_last_pid). */
function steer(pid: number): boolean {
  try {
    writeFileSync('/proc/sys/kernel/ns_last_pid', `${pid - 1}`)
    return true
  } catch {
    return false
  }
}

/** Is this number that of a process which the terminal has started, and which stays a while? */
function isOf(terminal: Terminal, pid: number): boolean {
  try {
    const session = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[3]
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return session === `${terminal.pid}` && command === 'sleep\x0060\0'
  } catch {
    return false
  }
}

async function text(child: ChildProcess): Promise<{ first: Promise<string>; all: Promise<string> }> {
  let out = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk
  })
  const first = until(() => out.includes('\n')).then(() => out)
  return { first, all: once(child.stdout as NodeJS.ReadableStream, 'end').then(() => out) }
}

test.skipIf(!needRoot('a reused process number') || !need('python3', 'a reused process number'))(
  'a process of the terminal that got the number of the asking one does not vouch for it',
  async () => {
    await using scratch = new Scratch()
    const set = { secrets: { A: 'secret value' }, session: { scope: 'terminal' as const } }
    const frame = scratch.file('frame', frameOf(set))
    await using terminal = new Terminal(scratch, ['sh'], { env: { PS1: '$ ' } })
    terminal.line(`${nativeBinary()} ghost put <${frame}; echo "[put $?]"`)
    await terminal.waitForText('[put 0]')
    const go = join(scratch.home, 'go')
    const socket = join(runtimeOf(scratch), 'socket')
    const [command = '', ...args] = asUser(scratch.uid, ['python3', '-c', ASK, socket, go])
    // The holder drops whoever is silent for 10 s, as the asking one is from here on.
    const end = performance.now() + 6_000
    const asking = spawn(command, args, { env: scratch.env, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
    const { first, all } = await text(asking)
    const pid = Number.parseInt(await first, 10)
    expect(pid).toBeGreaterThan(1)
    // until one of the processes that the terminal starts has that number
    terminal.line('while [ ! -e stop ]; do sleep 0.01; sleep 60 & done >/dev/null 2>&1; echo "[stopped $?]"')
    while (performance.now() < end && !isOf(terminal, pid) && steer(pid)) await pause(1)
    scratch.file('project/stop', '')
    const reused = isOf(terminal, pid)
    scratch.file('go', '')
    const answer = await all
    await terminal.waitForText('[stopped 0]') // until then there may be one more
    const sleepers = () => scratch.processes().filter((p) => p.command === 'sleep 60')
    await until(() => {
      for (const { pid: sleeper } of sleepers()) spawnSync('kill', ['-9', `${sleeper}`])
      return sleepers().length === 0
    })
    if (!reused)
      sayWhy(`the process number ${pid} could not be had again: that it does not vouch is not tested`)
    expect(answer).not.toContain('secret value')
    expect(answer).toContain('this terminal has not given the passphrase')
  },
)
