import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT, installedRoot, tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { run, tazpod } from '../support/tazpod.ts'

test('an unknown command is a usage error that names the nearest one', async () => {
  await using scratch = new Scratch()
  const { status, stdout, stderr } = await tazpod(scratch, ['pul'])
  expect(stderr).toBe('tazpod: no such command: pul\n  next: tazpod pull\n')
  expect(stdout).toBe('')
  expect(status).toBe(64)
})

test('control characters in a mistyped command do not reach the terminal', async () => {
  await using scratch = new Scratch()
  const { status, stderr } = await tazpod(scratch, ['a\x1b[2Jb\x07'])
  expect(stderr).toContain('a\\x1b[2Jb\\x07')
  expect(stderr).not.toContain('\x1b')
  expect(status).toBe(64)
})

test('an unknown flag, a missing value and a bad number are usage errors with the way to the help', async () => {
  await using scratch = new Scratch()
  for (const args of [
    ['log', '--sinec', '1h'],
    ['log', '--since'],
    ['pull', '--passphrase-fd', 'x'],
    ['trust', 'extra'],
  ]) {
    const { status, stdout, stderr } = await tazpod(scratch, args)
    expect(stderr, args.join(' ')).toMatch(/^tazpod: [^\n]+(\n {2}[^\n]+)*\n {2}next: tazpod \w+ --help\n$/)
    expect(stdout).toBe('')
    expect(status, args.join(' ')).toBe(64)
  }
})

test('standard input never stands in for a missing argument', async () => {
  await using scratch = new Scratch()
  for (const args of [
    ['vault', 'set'],
    ['vault', 'get', '--reveal'],
    ['vault', 'rm'],
    ['vault', 'import'],
  ]) {
    const done = await tazpod(scratch, args, { stdin: 'hunter2_value\n' })
    expect(done, args.join(' ')).toMatchObject({ status: 64, stdout: '' })
    expect(done.stderr).toMatch(/missing|import what/)
    expect(done.stderr).not.toContain('hunter2_value')
  }
})

test('with --json a failure is one JSON object on stdout and nothing on stderr', async () => {
  await using scratch = new Scratch()
  const outside = await tazpod(scratch, ['trust', '--json'])
  expect(outside.stderr).toBe('')
  expect(outside.status).toBe(65)
  const { error } = JSON.parse(outside.stdout)
  expect(error).toMatchObject({ reason: 'config-missing', next: 'tazpod init', exitCode: 65 })
  const usage = await tazpod(scratch, ['log', '--json', '--nonsense'])
  expect(JSON.parse(usage.stdout).error).toMatchObject({ reason: 'usage', exitCode: 64 })
})

test('without arguments and without a terminal: help on stderr, exit code 64', async () => {
  await using scratch = new Scratch()
  const { status, stdout, stderr } = await tazpod(scratch, [])
  expect(status).toBe(64)
  expect(stdout).toBe('')
  expect(stderr).toContain('USAGE')
})

test('the help lists every command of a person with its summary, within 80 columns', async () => {
  await using scratch = new Scratch()
  const { status, stdout } = await tazpod(scratch, ['--help'])
  expect(status).toBe(0)
  for (const name of [
    'doctor',
    'exec',
    'init',
    'lock',
    'log',
    'pull',
    'save',
    'secrets',
    'status',
    'trust',
    'vault',
  ]) {
    expect(stdout, name).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'))
  }
  expect(stdout).not.toMatch(/^ {2}guide/m)
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('a reader that stops early is no failure', async () => {
  await using scratch = new Scratch()
  const { status, stderr } = await run(scratch, [
    'bash',
    '-o',
    'pipefail',
    '-c',
    '"$0" doctor --json | head -c 1',
    tazpodBinary(),
  ])
  expect(stderr).toBe('')
  expect([0, 69]).toContain(status) // the verdict of doctor, not of the pipe
})

test('closed standard descriptors do not crash it', async () => {
  await using scratch = new Scratch()
  const { status, stderr } = await run(scratch, ['sh', '-c', '"$0" secrets <&- >&-', tazpodBinary()])
  expect(stderr).toBe('tazpod: locked\n  next: tazpod pull\n')
  expect(status).toBe(75)
})

test('a full disk behind stdout is said, with an exit code that is not 0', async () => {
  await using scratch = new Scratch()
  const { status, stderr } = await run(scratch, [
    'sh',
    '-c',
    '"$0" doctor --json > /dev/full',
    tazpodBinary(),
  ])
  expect(stderr).toBe("tazpod: can't write to standard output: the disk is full (ENOSPC)\n")
  expect(status).toBe(71)
})

test('where there is only the sh launcher, help works and the rest says what is missing', async () => {
  await using scratch = new Scratch()
  const root = installedRoot()
  const copy = scratch.folder('inst')
  const lines = [
    `cp -r ${root}/dist ${root}/package.json ${root}/oclif.manifest.json ${copy}/`,
    `mkdir ${copy}/bin && cp ${join(CHECKOUT, 'scripts/launcher.sh')} ${copy}/bin/tazpod && chmod +x ${copy}/bin/tazpod`,
    `ln -s ${root}/node_modules ${copy}/node_modules`,
  ]
  const made = spawnSync('sh', ['-ec', lines.join('\n')], { encoding: 'utf8' })
  expect(made.stderr).toBe('')
  const sh = (args: string[]) => run(scratch, [join(copy, 'bin/tazpod'), ...args])
  expect((await sh(['--help'])).status).toBe(0)
  for (const args of [['status'], ['lock'], ['exec', '--', 'true'], ['pull']]) {
    const { status, stderr } = await sh(args)
    expect(stderr, args.join(' ')).toMatch(/the native part of tazpod is not at .*\n {2}next: npm run build/)
    expect(status, args.join(' ')).toBe(70)
  }
  expect((await sh(['doctor'])).stdout).toMatch(/FAIL +program/)
})

test('a hostile NODE_OPTIONS and flags in the environment change nothing', async () => {
  await using scratch = new Scratch()
  const evil = scratch.file('evil.cjs', 'process.stdout.write("EVIL")')
  const { stdout } = await tazpod(scratch, ['--version'], { env: { NODE_OPTIONS: `--require ${evil}` } })
  expect(stdout).toMatch(/^tazpod\/\d/)
})
