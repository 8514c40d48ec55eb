/** A client that does nothing, half of something, or does not read never delays another one, and is dropped. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { descriptorsOf, filled, heldEntry, holderPid, native, runtimeOf, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { needRoot } from '../support/tools.ts'
import { until } from '../support/until.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const GET_BIG = bytes('TZ\x04\x09\x0e\0\0\0\x03\0\0\0key\x01\0\x03\0BIG')
/** What they send, and then nothing more; none of them reads. */
const STUCK: Record<string, Buffer> = {
  nothing: Buffer.alloc(0),
  'half a header': bytes('TZ\x04'),
  'half a request': bytes('TZ\x04\x03\xff\0\0\0\x01'),
  'half a set': bytes('TZ\x04\x01\0\x10\0\0\x01'),
  'a request whose answer it does not read': GET_BIG,
}

async function open(scratch: Scratch): Promise<Socket> {
  const socket = connect(join(runtimeOf(scratch), 'socket'))
  socket.on('error', () => undefined) // dropped in the middle: what is tested
  await once(socket, 'connect')
  socket.pause()
  return socket
}

test('others are served while 200 are stuck, and all 200 are dropped', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { BIG: 'b'.repeat(1024 * 1024), A: 'a' } })
  const sockets: Socket[] = []
  let open_ = 0
  for (let i = 0; i < 40; i++) {
    for (const first of Object.values(STUCK)) {
      const socket = await open(scratch)
      open_++
      socket.once('close', () => open_--).once('end', () => socket.end())
      if (first.length > 0) socket.write(first)
      sockets.push(socket)
    }
  }
  for (let i = 0; i < 5; i++) {
    expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('a')
    expect((await native(scratch, ['status'])).status).toBe(0)
  }
  // Dropped after ten seconds of silence. What is in the way is read, so that the end can be seen.
  await until(() => false, 11_000)
  for (const socket of sockets) socket.resume()
  expect(await until(() => open_ === 0, 20_000)).toBe(true)
  expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('a')
})

test('more than 256 clients wait in line, and are answered', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' } })
  const sockets: Socket[] = []
  for (let i = 0; i < 300; i++) sockets.push(await open(scratch))
  const waiting = heldEntry(scratch, 'A')
  for (const socket of sockets) socket.destroy()
  expect(await waiting).toMatchObject({ status: 0, stdout: 'a' })
})

test.skipIf(!needRoot('that dropped clients leave no descriptor in the holder'))(
  'clients that go away in the middle leave nothing open',
  async () => {
    await using scratch = new Scratch()
    await filled(scratch, { secrets: { BIG: 'b'.repeat(1024 * 1024) } })
    const pid = holderPid(scratch)
    const busy = (): string[] => descriptorsOf(pid).filter((what) => /pidfd|socket:/.test(what))
    await until(() => busy().length === 2)
    const before = busy().length
    for (let i = 0; i < 60; i++) {
      for (const first of Object.values(STUCK)) {
        const socket = await open(scratch)
        if (first.length > 0) socket.write(first)
        if (i % 2 === 0) await native(scratch, ['status']).then(() => socket.destroy())
        else socket.destroy()
      }
      if (i > 3) i += 7 // the first ones wait for the holder, the others don't
    }
    await until(() => busy().length === before)
    expect(busy()).toHaveLength(before) // the one that it listens on, and the monitor's
  },
)
