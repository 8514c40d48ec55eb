/** What goes into the holder comes out of it byte for byte, whole or not at all. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filled, frameOf, heldEntry, KEY, native, put, runtimeOf, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'

const MIB = 1024 * 1024
const VALUES: Record<string, Buffer> = {
  EMPTY: Buffer.alloc(0),
  ONE: Buffer.from('x'),
  NEWLINE: Buffer.from('\n'),
  CRLF: Buffer.from('a\r\nb\r\n'),
  NUL: Buffer.from([0, 1, 0, 255, 0]),
  ALL: Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
  CHUNK: randomBytes(16 * 1024), // the size of the client's buffer, and one more and one less
  CHUNK_LESS: randomBytes(16 * 1024 - 1),
  CHUNK_MORE: randomBytes(16 * 1024 + 1),
  LARGE: randomBytes(900 * 1024),
  LARGEST: randomBytes(MIB),
}

test('each value comes back from get and in a file of exec', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: VALUES })
  for (const [name, value] of Object.entries(VALUES)) {
    const got = await heldEntry(scratch, name)
    expect({ name, status: got.status, same: got.stdoutBytes.equals(value) }).toEqual({
      name,
      status: 0,
      same: true,
    })
    const read = await sh(scratch, `cat "$TAZPOD_GHOST/${name}/v"`)
    expect({ name, status: read.status, same: read.stdoutBytes.equals(value) }).toEqual({
      name,
      status: 0,
      same: true,
    })
  }
  expect((await heldEntry(scratch, '@identity')).stdout).toBe(KEY)
})

test('a value in the environment is exact too; one with a NUL starts nothing', async () => {
  await using scratch = new Scratch()
  const odd = Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1)) // every byte but NUL
  const secrets = { ODD: odd, EMPTY: '', NUL: Buffer.from('a\0b') }
  await filled(scratch, {
    secrets,
    files: false,
    ops: (entry) => [
      { op: 'value', entry: entry('ODD'), env: 'ODD' },
      { op: 'value', entry: entry('EMPTY'), env: 'EMPTY' },
      { op: 'value', entry: entry('NUL'), env: 'NUL' },
    ],
  })
  const env = ['exec', '--only', 'ODD', '--only', 'EMPTY', '--', 'env', '-0']
  const { stdoutBytes } = await native(scratch, env)
  const variables = stdoutBytes.toString('latin1').split('\0')
  expect(variables).toContain(`ODD=${odd.toString('latin1')}`)
  expect(variables).toContain('EMPTY=')
  const refused = await native(scratch, ['exec', '--only', 'NUL', '--', 'touch', 'ran'])
  expect(refused).toMatchObject({ status: 65, stdout: '' })
  expect(refused.stderr).toContain('NUL')
  expect((await sh(scratch, 'ls')).stdout).toBe('')
})

test('a set that is not valid, too large or cut short leaves the one before it', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'first' } })
  const good = frameOf({ secrets: { A: 'x'.repeat(MIB) } })
  const name = Buffer.from('A').length
  // one byte more than the largest value: the encoder would refuse it
  const tooLarge = withEntry(Buffer.alloc(MIB + 1))
  const tries: [string, Buffer, number][] = [
    ['1 MiB + 1', tooLarge, 65],
    ['cut short', good.subarray(0, good.length - name), 65],
    ['no frame', Buffer.from('hello, is this a frame?'), 65],
    ['nothing', Buffer.alloc(0), 65],
    ['a frame of 65 MiB', header(4, 65 * MIB), 65],
    ['another version', header(9, 0), 70],
  ]
  for (const [what, stdin, status] of tries) {
    const done = await native(scratch, ['ghost', 'put'], { stdin })
    expect([what, done.status, done.stderr.split('\n').length > 1]).toEqual([what, status, true])
    expect((await heldEntry(scratch, 'A')).stdout).toBe('first')
  }
  expect((await put(scratch, { secrets: { A: 'second' } })).status).toBe(0)
  expect((await heldEntry(scratch, 'A')).stdout).toBe('second')
})

test('who is still being sent the old set gets all of it after it was replaced', async () => {
  await using scratch = new Scratch()
  const old = randomBytes(MIB)
  await filled(scratch, { secrets: { A: old } })
  const slow = connect(join(runtimeOf(scratch), 'socket'))
  slow.pause() // the kernel's buffers are full long before the value is through
  await once(slow, 'connect')
  const request = Buffer.from('TZ\x04\x09\x0c\0\0\0\x03\0\0\0key\x01\0\x01\0A', 'latin1')
  await new Promise((resolve) => slow.write(request, resolve))
  expect((await native(scratch, ['status'])).status).toBe(0) // served in turn: the request above is in
  await filled(scratch, { secrets: { A: 'new' } })
  const parts: Buffer[] = []
  for await (const part of slow) parts.push(part as Buffer)
  const all = Buffer.concat(parts)
  expect(all.subarray(0, 16).equals(Buffer.from('TZ\x04\x10\x08\0\0\0\x01\0\0\0\0\0\x10\0', 'latin1'))).toBe(
    true,
  ) // SIZES
  expect(all.readUInt32LE(20)).toBe(MIB)
  expect(all.subarray(24).equals(old)).toBe(true)
  expect((await heldEntry(scratch, 'A')).stdout).toBe('new')
})

/** A frame header of a SET. */
function header(version: number, length: number): Buffer {
  const bytes = Buffer.from([0x54, 0x5a, version, 1, 0, 0, 0, 0])
  bytes.writeUInt32LE(length, 4)
  return bytes
}

/** A set with one secret A, whose value is longer than the encoder would write. */
function withEntry(value: Buffer): Buffer {
  const small = frameOf({ secrets: { A: '' }, files: false })
  // META is the first record, the ENTRY the second: u8 type, u32 length, u8 kind, u16 1, 'A', u32 0
  const entry = 8 + 5 + small.readUInt32LE(9)
  const record = Buffer.from(small.subarray(entry, entry + 5 + 8))
  record.writeUInt32LE(8 + value.length, 1)
  record.writeUInt32LE(value.length, 9)
  const body = Buffer.concat([small.subarray(8, entry), record, value, small.subarray(entry + 13)])
  return Buffer.concat([header(4, body.length), body])
}
