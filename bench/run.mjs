// Measures what DESIGN promises about speed and memory, each number beside its baseline of the same run.
// usage: npm run bench [-- --quick]. Writes bench/results/TIME.json; --quick writes nothing. Always exits 0 when it
// could measure: a row over its budget is marked, and a slow machine is no defect.
import { scrypt } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tazpodBinary } from '../test/support/installed.ts'
import { must, PASSPHRASE } from '../test/support/project.ts'
import { Scratch } from '../test/support/scratch.ts'
import { unlocked } from '../test/support/story.ts'
import { concurrent, holderMemory } from './lib/holder.mjs'
import { remoteProject } from './lib/remote.mjs'
import { rows, table } from './lib/report.mjs'
import { sessionTimes } from './lib/session.mjs'
import { compile, interleaved, timed } from './lib/timing.mjs'

const HERE = import.meta.dirname
const quick = process.argv.includes('--quick')
const rounds = quick ? 40 : 300
const pulls = quick ? 3 : 15

const names = (count) => Array.from({ length: count }, (_, i) => `S${i}`)
const secretsOf = (count) =>
  Object.fromEntries(names(count).map((name) => [name, `${name}${'x'.repeat(48)}`]))
// Some command gets every secret, so that the holder keeps all of them; the measured one gets the first eight.
// Written tersely: a project file may have 256 KiB.
const configOf = (count) => `version: 1
provider: vault
vault: .tazpod/vault.age
secrets:
${names(count)
  .map((name) => `- {name: ${name}}`)
  .join('\n')}
commands:
  noop: { secrets: [${names(8).join(', ')}] }
  sh: { secrets: [${names(8).join(', ')}] }
  other: { secrets: [${names(count).join(', ')}] }
`

await using scratch = new Scratch()
const tools = scratch.folder('tools')
const noop = compile(tools, join(HERE, 'noop.c'), ['-static'])
const timer = compile(tools, join(HERE, 'spawn-timer.c'))
const terminal = compile(tools, join(HERE, 'pty-timer.c'), ['-lutil'])
for (const program of [noop, timer, terminal]) scratch.own(program)
const bin = tazpodBinary()
const small = scratch.addProject('small')
const large = scratch.addProject('large')
await unlocked(scratch, { folder: small, config: configOf(8), secrets: secretsOf(8) })
await unlocked(scratch, { folder: large, config: configOf(10_000), secrets: secretsOf(10_000) })

const slow = promisify(scrypt)
const derive = () =>
  slow(PASSPHRASE, Buffer.alloc(16), 32, { N: 2 ** 18, r: 8, p: 1, maxmem: 2 ** 28 + 2 ** 20 })

const measured = []
await starts()
await unlocks()
await pullsFromServer()
await shells()
measured.push(
  ...holderMemory(scratch, [
    { id: 'holder-8', what: 'the holder in memory, 8 secrets', folder: small, secrets: secretsOf(8) },
    {
      id: 'holder-10000',
      what: 'the holder in memory, 10,000 secrets',
      folder: large,
      secrets: secretsOf(10_000),
    },
  ]),
)
measured.push(await concurrent(scratch, small, 200, secretsOf(8)))
print()

/** What a person waits for when they type a command: everything that never starts Node, and what does. */
async function starts() {
  const native = await interleaved(scratch, timer, rounds, [
    { id: 'bare-exec', argv: [noop] },
    { id: 'unshare', argv: ['/usr/bin/unshare', '-Urm', noop] },
    { id: 'exec-8', argv: [bin, 'exec', '--', noop], cwd: small },
    { id: 'exec-10000', argv: [bin, 'exec', '--', noop], cwd: large },
    { id: 'status', argv: [bin, 'status'], cwd: small },
    { id: 'prompt', argv: [bin, 'status', '--prompt'], cwd: small },
  ])
  const node = await interleaved(scratch, timer, quick ? 8 : 40, [
    { id: 'node', argv: [process.execPath, '-e', '0'] },
    { id: 'help', argv: [bin, '--help'] },
    { id: 'version', argv: [bin, '--version'] },
  ])
  add(native, 'bare-exec', 'a static program, bare exec')
  add(native, 'unshare', 'the same in unshare -Urm', 'bare-exec')
  add(native, 'exec-8', 'tazpod exec, 8 granted files')
  add(native, 'exec-10000', 'tazpod exec, 8 of 10,000 secrets')
  add(native, 'status', 'tazpod status', 'bare-exec')
  add(native, 'prompt', 'tazpod status --prompt', 'bare-exec')
  add(node, 'node', 'node -e 0')
  add(node, 'help', 'tazpod --help', 'node')
  add(node, 'version', 'tazpod --version', 'node')
}

function add(times, id, what, baseline) {
  measured.push({ id, what, times: times[id], baseline })
}

/** lock, then pull, round after round, each beside a scrypt of the same work factor. */
async function unlocks() {
  const times = { scrypt: [], pull: [], lock: [] }
  for (let i = 0; i < pulls; i++) {
    times.scrypt.push((await timed(derive))[0])
    const { lock } = await interleaved(scratch, timer, 1, [{ id: 'lock', argv: [bin, 'lock'], cwd: small }])
    times.pull.push((await timed(() => must(scratch, ['pull'], { cwd: small, passphrase: PASSPHRASE })))[0])
    times.lock.push(...lock)
  }
  add(times, 'lock', 'tazpod lock', 'bare-exec')
  add(times, 'scrypt', 'scrypt alone, N = 2^18')
  add(times, 'pull', 'tazpod pull, embedded vault, 8 secrets')
}

/** 500 secrets in three folders of an Infisical on loopback, each pull from nothing: login, project, three lists. */
async function pullsFromServer() {
  const folder = scratch.addProject('remote')
  const from = await remoteProject(scratch, folder, 500)
  const times = { 'remote-scrypt': [], 'pull-infisical': [], 'round-trip': [] }
  for (let i = 0; i < pulls; i++) {
    times['remote-scrypt'].push((await timed(derive))[0])
    times['round-trip'].push((await timed(() => from.roundTrip()))[0])
    const pull = () => must(scratch, ['pull'], { cwd: folder, passphrase: PASSPHRASE })
    times['pull-infisical'].push((await timed(pull))[0])
    await must(scratch, ['lock'], { cwd: folder })
  }
  await from.server[Symbol.asyncDispose]()
  add(times, 'remote-scrypt', 'scrypt alone, beside the next row')
  add(times, 'round-trip', 'one request to the server on loopback')
  add(times, 'pull-infisical', 'tazpod pull, Infisical, 500 secrets in 3 folders')
}

/** A key, a flood of output and the start, at a terminal with and without `tazpod shell`. */
async function shells() {
  const options = { program: terminal, bin, cwd: small, keys: quick ? 40 : 150, floods: quick ? 3 : 12 }
  const times = await sessionTimes(scratch, options)
  add(times, 'key-bare', 'a key until it shows, bare terminal')
  add(times, 'key', 'the same in tazpod shell', 'key-bare')
  add(times, 'key-alternate', 'the same on the alternate screen', 'key-bare')
  add(times, 'flood-bare', 'seq 1 200000, bare terminal')
  add(times, 'flood', 'the same in tazpod shell', 'flood-bare')
  add(times, 'shell-start-bare', 'sh at a terminal until it is there')
  add(times, 'shell-start', 'the same with tazpod shell', 'shell-start-bare')
}

function print() {
  const budgets = JSON.parse(readFileSync(join(HERE, 'budgets.json'), 'utf8'))
  const all = rows(measured, budgets)
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    uid: scratch.uid,
  }
  console.log(
    `${machine.cores} x ${machine.cpu}, Linux ${machine.kernel}, Node ${machine.node}, uid ${machine.uid}\n`,
  )
  for (const line of table(all)) console.log(line)
  for (const row of all.filter((r) => r.note)) console.log(`\n${row.what}: ${row.note}`)
  const over = all.filter((row) => row.within === false)
  console.log(
    over.length
      ? `\nOVER BUDGET: ${over.map((row) => row.what).join('; ')}`
      : '\nevery row is within its budget',
  )
  if (quick) return
  mkdirSync(join(HERE, 'results'), { recursive: true })
  const file = join(HERE, 'results', `${new Date().toISOString().replace(/:/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify({ machine, rounds, rows: all }, null, 2)}\n`)
  console.log(`written: ${file}`)
}
