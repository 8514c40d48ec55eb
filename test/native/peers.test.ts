/** Who is answered: this user alone, and with `scope: terminal` only the terminals that gave the passphrase. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filled, frameOf, heldEntry, journalOf, nativeBinary, runtimeOf, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { need, needRoot } from '../support/tools.ts'
import { STRANGER } from '../support/users.ts'

// Who is refused is answered before it has said anything: sending may then fail.
const ASK = `
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
data = b''
try:
    s.sendall(b'TZ\\x04\\x09\\x0c\\0\\0\\0\\x03\\0\\0\\0key\\x01\\0\\x01\\0A')
except OSError:
    pass
try:
    while (piece := s.recv(4096)): data += piece
except OSError:
    pass
sys.stdout.buffer.write(data)
`

test.skipIf(!needRoot('that another user is refused') || !need('python3', 'another user'))(
  'another user is refused even when every folder lets them pass',
  async () => {
    // Not `nobody`: that number is also what a holder sees in the place of every user whom its namespace does not
    // map, so only the folders keep strangers out of a holder of nobody's.
    await using scratch = new Scratch(STRANGER - 1)
    await filled(scratch, { secrets: { A: 'secret value' } })
    const socket = join(runtimeOf(scratch), 'socket')
    const own = await run(scratch, ['python3', '-c', ASK, socket])
    expect(own.stdout).toContain('secret value') // the control
    const open = (mode: number) => {
      for (const folder of ['', 'tazpod', 'tazpod/default']) chmodSync(join(scratch.runtime, folder), mode)
    }
    open(0o755)
    chmodSync(socket, 0o777)
    const asked = await run(scratch, ['python3', '-c', ASK, socket], { uid: STRANGER, cwd: '/' })
    open(0o700)
    expect(asked.stdout).not.toContain('secret value')
    expect(asked.stdout).toContain('the holder answers its own user only')
    expect(journalOf(scratch).at(-1)).toMatchObject({ event: 'deny', project: 'native-test' })
  },
)

const TERMINAL = { secrets: { A: 'secret value' }, session: { scope: 'terminal' as const } }

test('scope: terminal: the terminal that unlocked may ask; another one, and none at all, may not', async () => {
  await using scratch = new Scratch()
  const frame = scratch.file('frame', frameOf({ ...TERMINAL, internal: { '@identity': 'key' } }))
  await using first = new Terminal(scratch, ['sh'], { env: { PS1: '$ ' } })
  await using second = new Terminal(scratch, ['sh'], { env: { PS1: '$ ' } })
  const tz = nativeBinary()
  first.line(`${tz} ghost put <${frame}; ${tz} exec -- sh -c 'cat $A_FILE; echo " [first $?]"'`)
  await first.waitForText('secret value [first 0]')
  // a process of this terminal in the background counts, too
  first.line(`${tz} exec -- sh -c 'cat $A_FILE; echo " [child]"' & wait`)
  await first.waitForText('secret value [child]')
  second.line(`${tz} exec --non-interactive -- echo started; echo "[second $?]"`)
  await second.waitForText('[second 77]')
  expect(second.text()).toContain('this terminal has not given the passphrase')
  expect(second.text()).not.toMatch(/^started/m)
  second.line(`${tz} ghost get A | cat; echo "[get $?]"`)
  await second.waitForText('[get 0]')
  expect(second.text()).not.toContain('secret value')
  const without = await sh(scratch, 'echo started')
  expect(without).toMatchObject({ status: 77, stdout: '' })
  expect(journalOf(scratch).filter((line) => line.event === 'deny').length).toBeGreaterThanOrEqual(3)

  // whoever proves to have the same vault adds their terminal; the first one stays known
  second.line(`${tz} ghost put <${frame}; ${tz} exec -- sh -c 'cat $A_FILE; echo " [now]"'`)
  await second.waitForText('secret value [now]')
  first.line(`${tz} exec -- sh -c 'cat $A_FILE; echo " [still]"'`)
  await first.waitForText('secret value [still]')

  // another owner's set knows only the terminal that it came from
  const other = scratch.file('other', frameOf({ ...TERMINAL, internal: { '@identity': 'other' } }))
  second.line(`${tz} ghost put <${other}; echo "[put $?]"`)
  await second.waitForText('[put 0]')
  first.line(`${tz} exec --non-interactive -- echo started; echo "[gone $?]"`)
  await first.waitForText('[gone 77]')
})

test('scope: user: every process of the user is answered', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'secret value' } })
  expect((await run(scratch, ['setsid', '-w', nativeBinary(), 'exec', '--', 'true'])).status).toBe(0)
  expect((await heldEntry(scratch, 'A')).stdout).toBe('secret value')
})
