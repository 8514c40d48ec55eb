/** A set brings the end of a monitor as a descriptor: what anybody else sends along is neither kept nor used. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Double } from '../support/double.ts'
import { descriptorsOf, type Filling, frameOf, heldEntry, holderPid, runtimeOf } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { isRoot } from '../support/users.ts'

const kept = (identity: string, token: string): Filling => ({
  secrets: { A: 'a' },
  internal: { '@identity': identity, '@revoke': token },
  session: { refresh: 3_600 },
})

/** Sends a frame with descriptors on each of its pieces, again and again; of a socket pair it says what comes out. */
const SEND = `
import os, socket, sys
path, frame, times, kind = sys.argv[1], open(sys.argv[2], 'rb').read(), int(sys.argv[3]), sys.argv[4]
ours, theirs = socket.socketpair()
fds = [os.open('/dev/null', os.O_RDWR)] * 3 if kind == 'file' else [theirs.fileno()] * (3 if kind == 'three' else 1)
for _ in range(times):
    s = socket.socket(socket.AF_UNIX); s.connect(path)
    try:
        for piece in (frame[:3], frame[3:8], frame[8:]):
            if piece: socket.send_fds(s, [piece], fds)
        s.shutdown(socket.SHUT_WR)
        while s.recv(65536): pass
    except OSError:
        pass
    s.close()
theirs.close()
ours.settimeout(10) # the holder closes the connection first
try:
    print(ours.recv(65536).hex() or 'closed')
except TimeoutError:
    print('open, and silent')
`

const hasPython = need('python3', 'descriptors that come along')

test.skipIf(!hasPython)('descriptors that come with any request are closed, whatever they are', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(kept('key', 'token'))
  const monitors = double.monitors()
  const socket = join(runtimeOf(scratch), 'socket')
  const before = isRoot() ? descriptorsOf(holderPid(scratch)).length : 0
  const frames = {
    status: Buffer.from('TZ\x04\x06\0\0\0\0', 'latin1'),
    set: frameOf(kept('key', 'another token')),
    'broken set': frameOf(kept('key', 'token')).subarray(0, 40),
    nonsense: Buffer.from('XX\x03\x01\0\0\0\0', 'latin1'),
  }
  for (const [name, frame] of Object.entries(frames))
    for (const kind of ['file', 'one', 'three']) {
      const file = scratch.file(`${name} ${kind}`, frame)
      const sent = await run(scratch, ['python3', '-c', SEND, socket, file, '20', kind], { timeout: 60_000 })
      expect(sent, `${name}, ${kind}`).toMatchObject({ status: 0, stdout: 'closed\n' })
    }
  expect(double.monitors()).toEqual(monitors)
  if (isRoot()) expect(await until(() => descriptorsOf(holderPid(scratch)).length === before)).toBe(true)
  await double.run(['lock'])
  expect(await until(() => double.calls('revoke').length === 1, 20_000)).toBe(true)
})

test.skipIf(!hasPython)(
  "what took a killed monitor's place with a set of its own gets nothing of the next one",
  async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    await double.fill(kept('key', 'token'))
    await double.killMonitors()
    const socket = join(runtimeOf(scratch), 'socket')
    const set = frameOf(kept('not the key', 'worthless'))
    const file = scratch.file('set', set)
    // a stranger with the same user holds the pair's other end while the owner pulls again
    const script = SEND.replace(
      'theirs.close()\n',
      "theirs.close()\nprint('sent', flush=True)\nsys.stdin.read()\n",
    )
    const stranger = run(scratch, [
      'sh',
      '-c',
      '{ sleep 3; } | python3 -c "$0" "$@"',
      script,
      socket,
      file,
      '1',
      'one',
    ])
    expect(
      await until(
        async () => (await heldEntry(scratch, '@revoke', { key: 'not the key' })).stdout === 'worthless',
      ),
    ).toBe(true)
    await double.fill(kept('key', 'token'))
    await double.run(['lock'])
    const { stdout } = await stranger
    expect(stdout).toContain('sent')
    expect(stdout).not.toContain(Buffer.from('token').toString('hex'))
    expect(stdout).toMatch(/545a040c08/) // the control: it was taken, and told when (WAKE)
    expect(await until(() => double.calls('revoke').length === 1, 20_000)).toBe(true)
  },
)

test("another owner's set brings its own", async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(kept('key', 'token'))
  const [first = 0] = double.monitors()
  await double.fill(kept('another key', 'token'))
  expect(await until(() => !double.monitors().includes(first))).toBe(true)
  expect(double.monitors()).toHaveLength(1)
})
