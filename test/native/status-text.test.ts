/** Names come out of a hostile project's files: none may command the terminal, break the JSON or the log. */
import { expect, test } from 'vitest'
import { filled, journalOf, native, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'

const LABELS: [string, string, string][] = [
  ['plain', 'shop', 'shop'],
  ['letters of many languages', 'caf\u00e9 \u021b\u4e1b \u{1f511}', 'caf\u00e9 \u021b\u4e1b \u{1f511}'],
  ['escape sequences', 'a\x1b[2J\x1b]0;x\x07b', 'a?[2J?]0;x?b'],
  ['C1 controls', 'a\u009b2Jb\u0085c', 'a?2Jb?c'],
  ['lines', 'a\r\nunlocked', 'a??unlocked'],
  ['quotes', 'a"b\\c', 'a"b\\c'],
]

test.each(LABELS)('%s', async (_what, label, shown) => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' }, session: { label } })
  const human = await native(scratch, ['status'])
  expect(human.stdout.split('\n')[0]).toContain(`  ${shown}  `)
  const json = JSON.parse((await native(scratch, ['status', '--json'])).stdout) as { project: string }
  expect(json.project).toBe(label)
  expect((await sh(scratch, 'true')).status).toBe(0)
  expect(new Set(journalOf(scratch).map((line) => line.project))).toEqual(new Set([label]))
})

test('the name of a command that is refused, or not found, is shown without its controls', async () => {
  await using scratch = new Scratch()
  await filled(scratch, {
    secrets: { A: 'a' },
    plans: () => [{ pattern: 'x\x1b[31m', umask: 0o77, ops: [{ op: 'missing', name: 'N\x1bO' }] }],
  })
  const missing = scratch.file('bin/x\x1b[31m', '#!/bin/sh\n', 0o700)
  for (const args of [
    ['--', missing],
    ['--', 'y\x1b[31m'],
    ['--only', '\x1b[31m', '--', 'true'],
  ]) {
    const done = await native(scratch, ['exec', '--non-interactive', ...args])
    expect(done.status).not.toBe(0)
    expect(done.stderr).toContain('?[31m')
    expect(done.stderr).not.toContain('\x1b')
  }
})
