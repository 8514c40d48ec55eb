/** Who the command is: the user and groups that it would be without tazpod, with the access that these give. */
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startedAs, WAYS } from '../support/both-ways.ts'
import { Scratch } from '../support/scratch.ts'
import { held, ONE_FILE } from '../support/story.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { needRoot } from '../support/tools.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  await held(scratch, { config: ONE_FILE, secrets: { TOKEN: 'value' } })
})
afterAll(() => scratch[Symbol.asyncDispose]())

test.each([
  ['user, group and names', 'id -u; id -g; id -un 2>&1; cd; pwd; ls -ld "$HOME" | cut -d" " -f3-4'],
  ['host name, kernel, processes of others', 'uname -a; hostname; ls /proc | grep -c "^1$"'],
  ['network', 'cat /proc/net/route; readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/uts'],
  ['limits and cgroup', 'ulimit -n; cat /proc/self/cgroup; cat /proc/self/oom_score_adj'],
  ['the same devices', 'echo x >/dev/null; head -c 3 /dev/zero | od -c; stat -c %t:%T /dev/tty /dev/urandom'],
])('%s are as without tazpod', async (_, script) => {
  const bare = await run(scratch, ['sh', '-c', script])
  expect(await run(scratch, startedAs('through tazpod', ['sh', '-c', script]))).toEqual(bare)
  expect(bare.stdout).not.toBe('')
})

test('what the command makes outside belongs to the user, and stays', async () => {
  const script =
    'mkdir made && echo text >made/file && ln -s file made/link && mkfifo made/fifo && chmod 750 made'
  expect(await tazpod(scratch, ['exec', '--', 'sh', '-c', script])).toMatchObject({ status: 0, stderr: '' })
  const made = join(scratch.project, 'made')
  expect(statSync(made)).toMatchObject({ uid: scratch.uid, gid: scratch.uid, mode: 0o40750 })
  expect(statSync(join(made, 'link'))).toMatchObject({ uid: scratch.uid, mode: 0o100600 })
})

describe.skipIf(!needRoot('a user with further groups'))('a user with further groups', () => {
  const GROUP = 64_777
  const withGroup = (argv: readonly string[]): string[] => [
    ...['setpriv', `--reuid=${scratch.uid}`, `--regid=${scratch.uid}`, `--groups=${GROUP}`],
    ...['--inh-caps=-all', '--', ...argv],
  ]

  test('keeps what they open, as the group docker does the socket of docker', async () => {
    const folder = mkdtempSync(join(scratch.root, 'group-'))
    try {
      chownSync(folder, 0, GROUP)
      chmodSync(folder, 0o770)
      writeFileSync(join(folder, 'file'), 'for the group', { mode: 0o640 })
      chownSync(join(folder, 'file'), 0, GROUP)
      const script = `cat '${folder}/file' && echo more >'${folder}/new' && rm '${folder}/new'`
      expect((await run(scratch, ['cat', `${folder}/file`])).status).toBe(1)
      for (const way of WAYS) {
        const argv = withGroup(startedAs(way, ['sh', '-c', script]))
        expect(await run(scratch, argv, { uid: 0 }), way).toMatchObject({
          status: 0,
          stdout: 'for the group',
        })
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe.skipIf(!needRoot('the commands of root'))('root', () => {
  test('stays root with its capabilities, and its files are in memory', async () => {
    await using own = new Scratch(0)
    await held(own, { config: ONE_FILE, secrets: { TOKEN: 'value' } })
    const script = 'id -u; grep CapEff /proc/self/status; cat "$TOKEN_FILE"; stat -f -c " %T" "$TOKEN_FILE"'
    const bare = await run(own, ['sh', '-c', 'id -u; grep CapEff /proc/self/status'])
    const ours = await tazpod(own, ['exec', '--', 'sh', '-c', script])
    expect(ours).toMatchObject({ status: 0, stderr: '', stdout: `${bare.stdout}value tmpfs\n` })
  })
})
