/** What people write around a command in a shell works through tazpod as without it. */
import { copyFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shellPrefix, type Way } from '../support/both-ways.ts'
import { tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { held, ONE_FILE } from '../support/story.ts'
import { type Run, run, tazpod } from '../support/tazpod.ts'
import { needRoot, sayWhy } from '../support/tools.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  await held(scratch, { config: ONE_FILE, secrets: { TOKEN: 'value' } })
})
afterAll(() => scratch[Symbol.asyncDispose]())

/** Runs a bash script in which `VIA` stands before the commands that are started this way. */
function bash(way: Way, script: string, options: Parameters<typeof run>[2] = {}): Promise<Run> {
  return run(scratch, ['bash', '-c', script.replaceAll('VIA ', shellPrefix(way))], options)
}

describe('without and with tazpod the same', () => {
  test.each([
    ['the middle of a pipeline', 'seq 1000 | VIA grep 7 | tail -n 1'],
    ['both ends of a pipeline', 'VIA seq 5 | VIA sort -r | VIA tr "\\n" " "'],
    ['a megabyte through a pipe', 'head -c 1000000 /dev/zero | VIA cat | wc -c'],
    ['a reader that leaves early', `VIA yes | head -n 2; echo "\${PIPESTATUS[*]}"`],
    ['pipefail', 'set -o pipefail; VIA sh -c "exit 3" | cat; echo $?'],
    ['process substitution in', 'VIA cat <(echo one) <(echo two)'],
    [
      'process substitution out',
      'VIA tee >(tr a-z A-Z >&2) </dev/null; echo text | VIA tee >(cat >/dev/null)',
    ],
    ['process substitution inside', `VIA bash -c 'paste <(seq 3) <(seq 4 6)'`],
    ['a here-document', 'VIA cat <<END\nline $((1 + 1))\nEND'],
    ['an open descriptor', 'exec 7<<<"seven"; VIA sh -c "cat <&7"; VIA sh -c "echo nine >&9" 9>&1'],
    ['closed standard streams', 'VIA sh -c "echo to-stderr >&2" <&- >&-; echo $?'],
    ['command substitution', 'x=$(VIA printf "a\\n\\n"); echo "[$x]"'],
    ['a coprocess', `coproc VIA cat; echo hi >&\${COPROC[1]}; read -r x <&\${COPROC[0]}; echo "$x"`],
    ['xargs, eight at once', 'seq 40 | xargs -P 8 -I{} VIA sh -c "echo {}" | sort -n | md5sum'],
    ['xargs that stops on 255', 'printf "1 2" | xargs -n 1 VIA sh -c "exit 255" 2>/dev/null; echo $?'],
    ['find -exec', 'find / -maxdepth 1 -name etc -exec VIA echo found {} \\;'],
    ['timeout', 'timeout -s INT 0.2 VIA sleep 60; echo $?'],
    ['nice, nohup, setsid and env before it', "nice -n 5 nohup setsid -w env A=b VIA sh -c 'nice; echo $A'"],
    ['arguments as they are', `VIA printf '[%s]' '' ' ' '*' '$HOME' "a'b" $'new\\nline' $'\\xff' -- --help`],
    ['arguments at the limit', 'VIA sh -c "echo \\$#" $(seq 20000)'],
  ])('%s', async (_, script) => {
    const bare = await bash('bare', script)
    const ours = await bash('through tazpod', script)
    expect(ours).toEqual(bare)
    expect(bare.stdout + bare.stderr).not.toBe('')
  })
})

test('a folder below the project is the project, and stays the current folder', async () => {
  const cwd = scratch.folder('home/project/deep/er')
  const script = 'pwd; cat "$TOKEN_FILE"'
  const below = await tazpod(scratch, ['exec', '--', 'sh', '-c', script], { cwd })
  expect(below).toMatchObject({ status: 0, stdout: `${cwd}\nvalue` })
  const link = join(scratch.home, 'link')
  symlinkSync(cwd, link)
  const through = await bash('through tazpod', `cd "${link}"; VIA sh -c 'pwd; pwd -P; cat "$TOKEN_FILE"'`)
  expect(through.stdout).toBe(`${link}\n${cwd}\nvalue`)
})

test('a command that empties the environment still reads the file by its path', async () => {
  const script = 'env -i cat "$TOKEN_FILE"; env -i sh -c "env | grep -c TAZPOD"'
  expect((await tazpod(scratch, ['exec', '--', 'sh', '-c', script])).stdout).toBe('value0\n')
})

test('env -i around tazpod finds no session: locked, nothing is started', async () => {
  const script = `env -i PATH="$PATH" '${tazpodBinary()}' exec --non-interactive -- touch started; echo $?; ls started`
  const { stdout } = await run(scratch, ['sh', '-c', script])
  expect(stdout).toBe('75\n')
})

test.skipIf(!needRoot('that a setuid program gains nothing inside'))(
  'a setuid program gains nothing inside, so sudo belongs outside',
  async () => {
    const setuid = join(scratch.root, 'id-of-root')
    copyFileSync('/usr/bin/id', setuid)
    await run(scratch, ['chmod', '4755', setuid], { uid: 0 })
    expect(statSync(setuid)).toMatchObject({ uid: 0 })
    if ((await run(scratch, [setuid, '-u'])).stdout !== '0\n')
      return sayWhy('/tmp is mounted nosuid: a setuid program inside is not tested')
    expect((await tazpod(scratch, ['exec', '--', setuid, '-u'])).stdout).toBe(`${scratch.uid}\n`)
    const flag = await tazpod(scratch, ['exec', '--', 'grep', 'NoNewPrivs', '/proc/self/status'])
    expect(flag.stdout).toBe('NoNewPrivs:\t1\n')
  },
)
