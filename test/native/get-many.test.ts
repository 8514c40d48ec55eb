/** `ghost get --many`: many values with one request, all of one set. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { getMany } from '../../src/adapters/holder/values.ts'
import { filled, heldEntry, KEY, native } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import type { Run } from '../support/tazpod.ts'
import { ownUid } from '../support/users.ts'

const ABSENT = 0xffff_ffff

const many = (scratch: Scratch, names: string): Promise<Run> =>
  native(scratch, ['ghost', 'get', '--key', '--many'], { stdin: names === '' ? '' : `${KEY}\0${names}` })

/** What stands behind each length; undefined for a name without an entry. */
function valuesOf({ stdoutBytes: bytes }: Run): (Buffer | undefined)[] {
  const values: (Buffer | undefined)[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32LE(at)
    at += 4
    values.push(size === ABSENT ? undefined : bytes.subarray(at, at + size))
    at += size === ABSENT ? 0 : size
  }
  return values
}

test('values come in the order of the names, byte-exact, internal ones too', async () => {
  await using scratch = new Scratch()
  const large = randomBytes(1024 * 1024)
  await filled(scratch, {
    secrets: { A: 'a\0b\r\n', EMPTY: '', LARGE: large },
    internal: { '@identity': 'key' },
    files: false,
  })
  const wanted = [
    large,
    undefined,
    Buffer.from('a\0b\r\n'),
    Buffer.from(''),
    Buffer.from('key'),
    undefined,
    large,
  ]
  const names = ['LARGE', 'NONE', 'A', 'EMPTY', '@identity', '', 'LARGE']
  for (const end of ['\0', '']) {
    const done = await many(scratch, names.join('\0') + end)
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(valuesOf(done).map((value) => value?.toString('latin1'))).toEqual(
      wanted.map((value) => value?.toString('latin1')),
    )
  }
})

test('a whole set of the largest size, with the longest names', async () => {
  await using scratch = new Scratch()
  const names = Array.from({ length: 16_383 }, (_, i) => `${i}`.padStart(255, 'N'))
  await filled(scratch, { secrets: Object.fromEntries(names.map((name, i) => [name, `${i}`])), files: false })
  const asked = [...names].reverse()
  const done = await many(scratch, asked.join('\0'))
  expect(done).toMatchObject({ status: 0, stderr: '' })
  expect(valuesOf(done).map(String)).toEqual(asked.map((name) => `${Number(name.replaceAll('N', ''))}`))
  expect(await many(scratch, [...names, 'one more', 'and one'].join('\0'))).toMatchObject({
    status: 65,
    stdout: '',
  })
})

test('what is refused', async () => {
  await using scratch = new Scratch()
  expect(await many(scratch, 'A\0')).toMatchObject({ status: 75, stdout: '' })
  await filled(scratch, { secrets: { LARGE: Buffer.alloc(1024 * 1024) }, files: false })
  expect(await many(scratch, '')).toMatchObject({ status: 64, stdout: '' })
  expect(await many(scratch, 'N'.repeat(256))).toMatchObject({ status: 65, stdout: '' })
  expect(await many(scratch, 'N'.repeat(255))).toMatchObject({ status: 0 })
  const tooMuch = await many(scratch, 'LARGE\0'.repeat(4_096))
  expect(tooMuch).toMatchObject({ status: 65, stdout: '' })
  expect(tooMuch.stderr).toContain('more was asked for than one frame can carry')
  expect((await heldEntry(scratch, 'LARGE')).status).toBe(0)
})

test('the adapter gives buffers, in order', async () => {
  await using scratch = new Scratch(ownUid())
  const proof = { key: Buffer.from(KEY) }
  const surroundings = { cwd: scratch.project, env: scratch.env }
  expect(await getMany(['A'], proof, surroundings)).toEqual({ ok: false, error: { reason: 'locked' } })
  const large = randomBytes(1024 * 1024)
  await filled(scratch, { secrets: { A: 'a', EMPTY: '', LARGE: large }, files: false })
  const names = ['EMPTY', 'NONE', 'A', ...Array(12).fill('LARGE')] // more than the answer of another verb may be
  const found = await getMany(names, proof, surroundings)
  if (!found.ok) throw new Error(JSON.stringify(found.error))
  expect(found.value.slice(0, 3).map((value) => value?.toString())).toEqual(['', undefined, 'a'])
  expect(found.value.slice(3).every((value) => value?.equals(large))).toBe(true)
  expect(found.value).toHaveLength(names.length)
  expect(await getMany([], proof, surroundings)).toEqual({ ok: true, value: [] })
  await expect(getMany(['A\0B'], proof, surroundings)).rejects.toThrow(RangeError)
})
