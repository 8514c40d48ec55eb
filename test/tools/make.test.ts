/** make, with tazpod inside its recipes, around it, and both: grants of the inner command, jobserver, exit codes. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { shellPrefix, startedAs, WAYS, type Way } from '../support/both-ways.ts'
import { tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { held } from '../support/story.ts'
import { type Run, run, tazpod } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'

const CONFIG = `version: 1
provider: vault
secrets:
  - { name: OUTER, file: outer, env: OUTER_FILE }
  - { name: INNER, file: inner, env: INNER_FILE }
binds:
  - { path: bound.env, format: dotenv, values: { BOUND: INNER } }
commands:
  make: { secrets: [OUTER] }
  sh: { secrets: [INNER], binds: [bound.env] }
`

describe.skipIf(!need('make', 'make and tazpod in its recipes'))('make', () => {
  let scratch: Scratch
  beforeAll(async () => {
    scratch = new Scratch()
    scratch.file('project/bound.env', '')
    await held(scratch, { config: CONFIG, secrets: { OUTER: 'outer-value', INNER: 'inner-value' } })
  })
  afterAll(() => scratch[Symbol.asyncDispose]())
  beforeEach(() => run(scratch, ['rm', '-f', 'Makefile']))

  /** Writes a Makefile in which `VIA` stands before the commands that are started this way. */
  function makefile(way: Way, text: string): void {
    scratch.file('project/Makefile', text.replaceAll('VIA ', shellPrefix(way)))
  }

  /** Both makes with tazpod in front of it and in its recipes, or neither. */
  async function made(way: Way, text: string, args: string[] = []): Promise<Run> {
    makefile(way, text)
    return run(scratch, startedAs(way, ['make', '-s', '--no-print-directory', ...args]))
  }

  test('each command sees its own grants: the inner one not those of the outer, nor the other way round', async () => {
    const file = (name: string) => `$$(cat "$$${name}" 2>&-)`
    const set = `$$\{OUTER_FILE:+outer}$$\{INNER_FILE:+inner}`
    const say = `echo "${set} [${file('OUTER_FILE')}] [${file('INNER_FILE')}] [$$(cat bound.env)]"`
    makefile('through tazpod', `all:\n\t@${say}\n\t@VIA sh -c '${say}'\n\t@${say}\n`)
    const { stdout, status } = await tazpod(scratch, ['exec', '--', 'make', '-s'])
    expect(status).toBe(0)
    const outer = 'outer [outer-value] [] []'
    expect(stdout.split('\n')).toEqual([outer, `inner [] [inner-value] [BOUND='inner-value']`, outer, ''])
  })

  test('tazpod in tazpod in tazpod', async () => {
    const bin = tazpodBinary()
    const inner = `'${bin}' exec -- sh -c "'${bin}' exec -- sh -c 'cat \\$INNER_FILE bound.env'"`
    const deep = await tazpod(scratch, ['exec', '--', 'sh', '-c', inner])
    expect(deep).toMatchObject({ status: 0, stdout: `inner-valueBOUND='inner-value'\n`, stderr: '' })
  })

  // make tells its inner makes in MAKEFLAGS through which descriptors they share the jobs, and they complain when
  // these are closed (seen with `3<&- 4<&-` before the inner make).
  const PARALLEL = `all: job1 job2 job3 job4 job5 job6 job7 job8
job%: ; +VIA make -s one N=$*
one: ; @VIA sh -c 'echo job $(N)'
`

  test.each(WAYS)("-j: the jobserver's descriptors reach the inner make: %s", async (way) => {
    const { status, stdout, stderr } = await made(way, PARALLEL, ['-j4'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const jobs = stdout.trim().split('\n').sort().join(' ')
    expect(jobs).toBe('job 1 job 2 job 3 job 4 job 5 job 6 job 7 job 8')
  })

  test.each(WAYS)('a failing recipe stops it with 2, and tells the code of the command: %s', async (way) => {
    const { status, stdout, stderr } = await made(way, "all:\n\t@VIA sh -c 'exit 7'\n\t@echo never\n")
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/\[Makefile:2: all\] Error 7/)
  })

  test.each(WAYS)(
    'one Ctrl-C ends the recipe and make, which deletes the unfinished target: %s',
    async (way) => {
      makefile(way, "target:\n\t@VIA sh -c 'echo half >target; echo UP; exec sleep 100'\n")
      const argv = ['bash', '--norc', '-c', `trap : INT; ${shellPrefix(way)}make; echo "code $?"; ls -m`]
      await using terminal = new Terminal(scratch, argv)
      await terminal.waitForText(/^UP$/m)
      terminal.type(KEY.ctrlC)
      await terminal.exit()
      expect(terminal.text()).toMatch(/code (2|130)\n/)
      expect(terminal.text()).toContain("Deleting file 'target'")
      expect(terminal.text()).toMatch(/\nMakefile, bound.env, tazpod.yaml$/)
    },
  )
})
