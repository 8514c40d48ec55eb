import { run } from '../../test/support/tazpod.ts'

/** ns lines of one run of the pty timer, as ms. */
async function timer(scratch, program, args, cwd) {
  const env = { SHELL: '/bin/sh', TERM: 'xterm-256color' }
  const done = await run(scratch, [program, ...args], { cwd, env, timeout: 120_000 })
  if (done.status !== 0) throw new Error(`bench: pty-timer ${args[0]}: ${done.stderr.trim() || done.status}`)
  return done.stdout
    .trim()
    .split('\n')
    .map((ns) => Number(ns) / 1e6)
}

/**
 * What a person feels of `tazpod shell`: a key until its character shows, a flood of lines, the start. Bare and
 * through the session in turn.
 */
export async function sessionTimes(scratch, { program, bin, cwd, keys, floods }) {
  const session = [bin, 'shell', '--', '-c']
  const bare = ['/bin/sh', '-c']
  const flood = 'printf at-last; read -r x; seq 1 200000; echo the-end; read -r x'
  const started = 'printf at-last; read -r x'
  const times = {}
  const take = async (id, args) => {
    times[id] = [...(times[id] ?? []), ...(await timer(scratch, program, args, cwd))]
  }
  for (let i = 0; i < 3; i++) {
    await take('key-bare', ['keys', String(keys), ...bare, `exec ${program} echo`])
    await take('key', ['keys', String(keys), ...session, `exec ${program} echo`])
    await take('key-alternate', ['keys', String(keys), ...session, `exec ${program} echo alternate`])
  }
  for (let i = 0; i < floods; i++) {
    await take('flood-bare', ['flood', ...bare, flood])
    await take('flood', ['flood', ...session, flood])
    await take('shell-start-bare', ['start', ...bare, started])
    await take('shell-start', ['start', ...session, started])
  }
  return times
}
