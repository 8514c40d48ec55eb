import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Scratch } from '../support/scratch.ts'
import { type Run, tazpod } from '../support/tazpod.ts'

const folder = fileURLToPath(new URL('../vectors', import.meta.url))
const vectors = readdirSync(folder).filter((name) => /^set-.*\.bin$/.test(name))
/** A refresh is a good set, but unlocks nothing. */
const EXPECTED: Record<string, number> = { 'set-bad-version.bin': 70, 'set-refresh.bin': 75 }
const isBad = (name: string) => name.startsWith('set-bad-')

function put(scratch: Scratch, name: string): Promise<Run> {
  return tazpod(scratch, ['ghost', 'put'], { stdin: readFileSync(`${folder}/${name}`) })
}

test.each(vectors)('the native parser and the encoder agree about %s', async (name) => {
  await using scratch = new Scratch()
  const { status, stderr } = await put(scratch, name)
  expect(status, stderr).toBe(EXPECTED[name] ?? (isBad(name) ? 65 : 0))
})

test('a set that is refused leaves the one before it as it was', async () => {
  await using scratch = new Scratch()
  expect((await put(scratch, 'set-1000.bin')).status).toBe(0)
  for (const name of vectors.filter(isBad)) {
    expect((await put(scratch, name)).status).not.toBe(0)
    expect((await tazpod(scratch, ['exec', '--', 'sh', '-c', 'cat "$TAZPOD_GHOST/S999/f"'])).stdout).toBe(
      'value 999',
    )
  }
})
