/** Few file descriptors: in the holder, in a client, in `lock --stop`. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filled, frameOf, native, nativeBinary, sh } from '../support/holder.ts'
import { makeVault, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { until } from '../support/until.ts'

const prlimit = need('prlimit', 'tazpod with few file descriptors')
const limited = (count: number, args: string[]): string[] => [
  'prlimit',
  `--nofile=${count}:${count}`,
  nativeBinary(),
  ...args,
]

test.skipIf(!prlimit)('sixteen are enough for the holder and for each command', async () => {
  await using scratch = new Scratch()
  const set = frameOf({ secrets: { A: 'a', B: 'b' } })
  const put = await run(scratch, limited(16, ['ghost', 'put']), { stdin: set })
  expect(put).toMatchObject({ status: 0, stderr: '' })
  const exec = limited(16, ['exec', '--', 'sh', '-c', 'cat "$A_FILE" "$B_FILE"'])
  for (let i = 0; i < 5; i++) expect(await run(scratch, exec)).toMatchObject({ status: 0, stdout: 'ab' })
})

test.skipIf(!prlimit)('a client with fewer starts the command with everything, or not at all', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' } })
  const mark = join(scratch.project, 'ran')
  let refused = 0
  for (let count = 3; count <= 12; count++) {
    rmSync(mark, { force: true })
    const script = 'echo >ran; read value <"$A_FILE"; echo "$value"'
    const done = await run(scratch, limited(count, ['exec', '--non-interactive', '--', 'sh', '-c', script]))
    if (done.status !== 0 && !existsSync(mark)) {
      refused++
      // prlimit or the shell may themselves fail with so few; tazpod says something
      expect(done.stderr).not.toBe('')
    } else if (done.status === 0) {
      expect(done.stdout).toBe('a\n')
    }
  }
  expect(refused).toBeGreaterThan(0)
})

test.skipIf(!prlimit)(
  'too few for Node: a message with the limit, no crash of Node, nothing starts',
  async () => {
    await using scratch = new Scratch()
    await makeVault(scratch, { A: 'a' })
    for (const args of [['vault', 'list'], ['pull'], ['exec', '--', 'touch', 'ran']]) {
      const at = args.indexOf('--')
      const flags = ['--passphrase-fd', '0']
      const all = args[0] === 'vault' || at < 0 ? [...args, ...flags] : args.toSpliced(at, 0, ...flags)
      const done = await run(scratch, limited(16, all), { stdin: PASSPHRASE })
      expect(done).toMatchObject({ status: 71, stdout: '' })
      expect(done.stderr).toMatch(
        /^tazpod: this needs \d+ open files, and the limit here is 16 .*\n {2}next: .*ulimit/,
      )
    }
    expect(existsSync(join(scratch.project, 'ran'))).toBe(false)
    const few = await run(scratch, limited(48, ['pull', '-q', '--passphrase-fd', '0']), { stdin: PASSPHRASE })
    expect(few).toMatchObject({ status: 0, stderr: '' })
  },
)

test.skipIf(!prlimit)(
  'a holder that has none left says so, and answers again when commands have ended',
  async () => {
    await using scratch = new Scratch()
    const put = limited(17, ['ghost', 'put'])
    expect((await run(scratch, put, { stdin: frameOf({ secrets: { A: 'a' } }) })).status).toBe(0)
    // each command that runs is watched through one
    const children = Array.from({ length: 12 }, () =>
      sh(scratch, 'until [ -e go ]; do sleep 0.05; done; cat "$A_FILE"'),
    )
    const early: string[] = []
    for (const child of children) {
      void child.then((done) => {
        if (done.status !== 0) early.push(`${done.status} ${done.stderr.split('\n')[0]}`)
      })
    }
    expect(await until(() => early.length > 0)).toBe(true)
    scratch.file('project/go', '')
    const all = await Promise.all(children)
    for (const done of all) if (done.status === 0) expect(done.stdout).toBe('a')
    expect(new Set(early.map((line) => line.replace(/\(.*\)/, '()')))).toEqual(
      new Set(['71 tazpod: too many commands are running ()']),
    )
    // their ends reach the holder a moment later than us; until then status may be refused as well
    const free = async (): Promise<boolean> => {
      const { status, stdout } = await native(scratch, ['status', '--json'])
      return status === 0 && stdout.includes('"running":[]')
    }
    expect(await until(free)).toBe(true)
    for (let i = 0; i < 3; i++)
      expect(await sh(scratch, 'cat "$A_FILE"')).toMatchObject({ status: 0, stdout: 'a' })
  },
)

test.skipIf(!prlimit)('lock --stop ends more commands than it has descriptors for', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' } })
  const children = Array.from({ length: 25 }, () => sh(scratch, 'exec sleep 120', { timeout: 60_000 }))
  const running = async () => (await native(scratch, ['status', '--json'])).stdout.match(/"pid"/g)?.length
  expect(await until(async () => (await running()) === 25, 30_000)).toBe(true)
  const locked = await run(scratch, limited(12, ['lock', '--stop']))
  expect(locked).toMatchObject({ status: 0, stderr: '' })
  for (const child of children) expect(await child).toMatchObject({ signal: 'SIGTERM' })
})
