/** What a command gets and what it does not: operations, variables, descriptors, umask, folders. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filled, native, nativeBinary, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'

let scratch: Scratch

beforeAll(async () => {
  scratch = new Scratch()
  await filled(scratch, {
    secrets: { A: 'value a', B: 'value b', C: 'value c' },
    files: false,
    plans: (entry) => [
      {
        pattern: 'python3',
        umask: 0o27,
        ops: [{ op: 'file', entry: entry('B'), dir: 'b', file: 'only', mode: 0o600, env: '' }],
      },
      { pattern: 'perl', umask: 0o77, ops: [{ op: 'missing', name: 'NOT_THERE' }] },
    ],
    ops: (entry) => [
      { op: 'file', entry: entry('A'), dir: 'a', file: 'read-only', mode: 0o400, env: 'A_FILE' },
      { op: 'env', ifUnset: false, withPrevious: true, name: 'A_MORE', value: 'goes with a' },
      { op: 'file', entry: entry('A'), dir: 'a', file: 'program', mode: 0o700, env: '' },
      { op: 'value', entry: entry('C'), env: 'C' },
      { op: 'env', ifUnset: true, withPrevious: false, name: 'SOFT', value: 'ours' },
      { op: 'env', ifUnset: false, withPrevious: false, name: 'HARD', value: 'ours = "x" \\ \n' },
    ],
  })
})

afterAll(() => scratch[Symbol.asyncDispose]())

test('variables: ours over the caller, except where the caller may decide; the rest untouched', async () => {
  const env = { SOFT: 'theirs', HARD: 'theirs', C: 'theirs', OTHER: 'kept' }
  const { stdout } = await sh(scratch, 'printf "%s|" "$SOFT" "$HARD" "$C" "$OTHER" "$A_MORE"', { env })
  expect(stdout).toBe('theirs|ours = "x" \\ \n|value c|kept|goes with a|')
  expect((await sh(scratch, 'printf %s "$SOFT"')).stdout).toBe('ours')
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
  expect((await sh(scratch, 'printf %s "${SOFT-unset}"', { env: { SOFT: '' } })).stdout).toBe('')
})

test('files have the modes of the plan, and what the plan says about umask holds', async () => {
  const { stdout } = await sh(
    scratch,
    'cd "$TAZPOD_GHOST/a" && stat -c "%n %a %u" read-only program . ; umask',
  )
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    `read-only 400 ${scratch.uid}`,
    `program 700 ${scratch.uid}`,
    `. 700 ${scratch.uid}`,
  ])
  const kept = ['sh', '-c', 'umask 013; exec "$0" exec -- sh -c umask', nativeBinary()]
  expect((await run(scratch, kept)).stdout).toBe('0013\n')
  const set = await native(scratch, ['exec', '--', 'python3', '-c', 'import os; print(oct(os.umask(0)))'])
  expect(set.stdout).toBe('0o27\n')
})

test('the plan of a command is chosen by its basename, and nothing of other plans arrives', async () => {
  const script =
    'import os; g = os.environ["TAZPOD_GHOST"]; print(sorted(os.listdir(g)), os.environ.get("C"))'
  for (const command of ['python3', '/usr/bin/python3']) {
    const { stdout } = await native(scratch, ['exec', '--', command, '-c', script])
    expect(stdout).toBe("['b', 'work'] None\n")
  }
})

test('--only: what is named and nothing else; an unknown name, a missing secret start nothing', async () => {
  const listed = ['sh', '-c', 'ls "$TAZPOD_GHOST"; env | grep -c "^A_\\|^C=\\|^SOFT="']
  const only = (name: string) => native(scratch, ['exec', '--only', name, '--', ...listed])
  expect((await only('C')).stdout).toBe('work\n2\n') // C, and the variable that stands for itself
  expect((await only('A')).stdout).toBe('a\nwork\n3\n') // A_FILE, A_MORE, SOFT
  const mark = join(scratch.project, 'ran')
  for (const args of [
    ['--only', 'B', '--', 'touch', mark],
    ['--only', 'NO', '--', 'touch', mark],
    ['--only=', '--', 'touch', mark],
    ['--', 'perl', '-e', `open(F, ">", "${mark}")`],
  ]) {
    const done = await native(scratch, ['exec', '--non-interactive', ...args])
    expect([args, done.status === 65 || done.status === 64]).toEqual([args, true])
    expect(done.stderr).not.toBe('')
    expect(() => readFileSync(mark)).toThrow('ENOENT')
  }
})

test('a nested exec gets its own grants, not what the outer one has left, three deep', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
  const inner = 'printf "%s " "${C-none}" "${HARD+set}"; ls "$TAZPOD_GHOST"'
  const tz = `'${nativeBinary()}' exec`
  const leftover = await sh(scratch, `${tz} --only A -- sh -c '${inner}'`)
  expect(leftover.stdout).toBe('none set a\nwork\n')
  const three = await sh(
    scratch,
    `${tz} -- ${tz} -- sh -c 'cat "$A_FILE"; printf " $C"; cat /proc/self/uid_map | wc -l'`,
  )
  expect(three).toMatchObject({ status: 0, stderr: '' })
  expect(three.stdout).toMatch(/^value a value c *1\n$/)
})

test('a nested exec takes back what the outer one set, and leaves what the person set', async () => {
  // python3 has a plan of its own: none of these variables is granted to it
  const names = '["A_FILE", "C", "HARD", "SOFT"]'
  const show = scratch.file('show.py', `import os; print(*[os.environ.get(n, "none") for n in ${names}])`)
  const within = async (change: string, env: NodeJS.ProcessEnv = {}) => {
    scratch.file('script', `${change}\nexec "$0" exec -- python3 "$1"`)
    const script = join(scratch.home, 'script')
    const command = ['exec', '--', 'sh', '-c', `. "${script}"`, nativeBinary(), show]
    const done = await native(scratch, command, { env })
    expect(done.stderr).toBe('')
    return done.stdout.trim().split(' ')
  }
  const before = { A_FILE: '/mine/a', C: 'mine', HARD: 'mine', SOFT: 'mine' }
  // what the caller of the outer one had is there again
  expect(await within('', before)).toEqual(['/mine/a', 'mine', 'mine', 'mine'])
  expect(await within('')).toEqual(['none', 'none', 'none', 'ours'])
  // what was set inside stays, whether or not something was there before; what was unset stays unset
  for (const env of [{}, before]) {
    const inside = await within('export A_FILE=/inside C=new; unset HARD', env)
    expect(inside.slice(0, 3)).toEqual(['/inside', 'new', 'none'])
  }
  // the notes are no file of a disk, and nobody else's
  expect((await sh(scratch, 'stat -c %a "$TAZPOD_GHOST/.outer"')).stdout).toBe('600\n')
})

test('descriptors of the caller pass through, none of ours is added', async () => {
  // what the runner itself lets through is in the control, too; 3 is the folder that ls reads, or 0 where that is free
  for (const redirect of ['5</dev/null 9</dev/zero', '0<&-', '5</dev/null 0<&- 2>&-']) {
    const script = `exec ${redirect}; "$@" ls /proc/self/fd`
    const seen = (prefix: string[]) => run(scratch, ['bash', '-c', script, 'bash', ...prefix])
    const bare = await seen([])
    expect(bare.stdout).toContain('0\n')
    expect((await seen([nativeBinary(), 'exec', '--'])).stdout).toBe(bare.stdout)
  }
  const silent = `exec >&- 2>&-; "$0" exec -- sh -c 'cat "$A_FILE" >mark; ls -l /proc/self/fd | grep -c "/dev/null" >>mark'; cat mark`
  await run(scratch, ['bash', '-c', silent, nativeBinary()])
  expect(readFileSync(join(scratch.project, 'mark'), 'utf8')).toBe('value a0\n')
})

test('the current folder is the same one, whatever its name', async () => {
  for (const name of ['with space', 'line\nbreak', 'quote\'"', '-dash', 'uml\u00e4ut']) {
    const folder = scratch.folder(`home/${name}`)
    expect((await sh(scratch, 'pwd', { cwd: folder })).stdout).toBe(`${folder}\n`)
  }
  const gone = join(scratch.home, 'gone')
  mkdirSync(gone)
  scratch.own(gone)
  const script = 'cd "$1" && rmdir "$1" && exec "$0" exec -- touch /tmp/never'
  const done = await run(scratch, ['sh', '-c', script, nativeBinary(), gone])
  rmSync(gone, { force: true, recursive: true })
  expect(done.status).toBe(77)
  expect(done.stderr).toMatch(/can't tell the current folder.*\n {2}next: cd to a folder that exists/)
})

test('the command is searched for in the order of PATH, before anything is asked for', async () => {
  scratch.file('one/tool', '#!/bin/sh\necho one $1\n', 0o600) // not executable: the next one counts
  scratch.file('two/tool', 'echo "two $0 $1"\n', 0o700) // no #!: a script of sh
  const search = (path: string, args: string[], cwd = scratch.project) =>
    run(scratch, ['env', `PATH=${path}`, nativeBinary(), 'exec', '--', 'tool', ...args], { cwd })
  const both = await search(`${scratch.home}/one:${scratch.home}/two:/usr/bin:/bin`, ['x y'])
  expect(both.stdout).toBe(`two ${scratch.home}/two/tool x y\n`)
  expect((await search(`${scratch.home}/one`, [])).status).toBe(126)
  expect((await search('/nowhere', [])).status).toBe(127)
  expect((await search('', ['z'], join(scratch.home, 'two'))).stdout).toBe('two ./tool z\n')
})
