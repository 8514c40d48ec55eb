import { expect, test } from 'vitest'
import { Failed } from '../../src/cli/failed.ts'
import { describe } from '../../src/cli/run.ts'

test('a bug is one line that says where it is and carries nothing of the data', () => {
  const secret = 'canary-5f2a'
  function readConfig(): never {
    return JSON.parse(`{"token": ${secret}`) as never
  }
  let bug: unknown
  try {
    readConfig()
  } catch (error) {
    bug = error
  }
  expect(String(bug)).toContain('canary') // the control: Node's own words quote the data
  const { message, next, exitCode } = describe(bug, [], '/nowhere')
  expect(message).not.toContain('canary')
  expect(message).toMatch(/^a defect in tazpod itself: SyntaxError in .+\(run\.unit\.test\.ts:\d+\)/)
  expect(message).not.toContain('\n')
  expect(next).toContain('tazpod doctor')
  expect(exitCode).toBe(70)
})

test.each([new Error('canary\n    at canary (canary:1:1)'), 'canary', { canary: 1 }, undefined, null])(
  'whatever is thrown (%#) carries no data',
  (thrown) => {
    expect(describe(thrown, [], '/nowhere').message).not.toContain('canary-')
    expect(describe(thrown, [], '/nowhere').exitCode).toBe(70)
  },
)

test('an expected failure keeps its words and its exit code', () => {
  expect(describe(new Failed({ reason: 'locked' }), [], '/nowhere')).toEqual({
    message: 'locked',
    next: 'tazpod pull',
    exitCode: 75,
  })
})

test('a full disk behind stdout is no bug', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  })
  expect(describe(full, [], '/nowhere')).toMatchObject({
    message: "can't write to standard output: the disk is full (ENOSPC)",
    exitCode: 71,
  })
})
