/** Tab in a real bash, zsh and fish. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT, tazpodBinary } from '../support/installed.ts'
import { must } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'

const CONFIG = `version: 1
provider: vault
secrets:
  - { name: ALPHA_TOKEN, file: token, env: TOKEN_FILE }
  - name: "BETA_KEY"
binds:
  - { path: infra/secrets.auto.tfvars, format: tfvars, values: { x: ALPHA_TOKEN } }
commands: { grep: { secrets: [ALPHA_TOKEN] } }
`
let scratch: Scratch
let path: string
beforeAll(async () => {
  scratch = new Scratch()
  const bin = scratch.folder('home/bin')
  symlinkSync(tazpodBinary(), join(bin, 'tazpod'))
  path = `${bin}:${scratch.env.PATH}`
  scratch.file('project/tazpod.yaml', CONFIG, 0o644)
  await must(scratch, ['trust', '--yes']) // leaves the names
  scratch.file('project/clear.env', 'A=b\n')
  for (const shell of ['bash', 'zsh', 'fish'])
    scratch.file(`completion.${shell}`, await must(scratch, ['completion', shell]))
})
afterAll(() => scratch[Symbol.asyncDispose]())

const TABS = '\t\t'

interface Case {
  what: string
  typed: string
  shown: RegExp
}

/** What is typed, and what the line (or the list below it) then shows. */
const CASES: Case[] = [
  { what: 'a command', typed: 'tazpod comp', shown: /tazpod completion/ },
  { what: 'a group', typed: 'tazpod vau', shown: /tazpod vault/ },
  { what: 'a command of a group', typed: 'tazpod vault hist', shown: /tazpod vault history/ },
  { what: 'a flag', typed: 'tazpod lock --st', shown: /tazpod lock --stop/ },
  { what: 'a value from a list', typed: 'tazpod vault export --format ya', shown: /--format yaml/ },
  { what: 'the name of a secret', typed: 'tazpod vault get AL', shown: /vault get ALPHA_TOKEN/ },
  { what: 'a quoted name', typed: 'tazpod vault get BE', shown: /vault get BETA_KEY/ },
  { what: 'a name for --only', typed: 'tazpod exec --only AL', shown: /--only ALPHA_TOKEN/ },
  { what: 'a bind for --only', typed: 'tazpod exec --only inf', shown: /--only infra\/secrets.auto.tfvars/ },
  { what: 'a file', typed: 'tazpod vault import cle', shown: /import clear\.env/ },
  { what: 'an argument from a list', typed: 'tazpod completion fi', shown: /completion fish/ },
  { what: 'the command of exec', typed: 'tazpod exec -- setpri', shown: /exec -- setpriv/ },
  { what: 'without --', typed: 'tazpod exec setpri', shown: /exec setpriv/ },
  {
    what: 'behind its own flags',
    typed: 'tazpod exec --only ALPHA_TOKEN -- setpri',
    shown: /TOKEN -- setpriv/,
  },
  {
    what: 'what the command itself completes',
    typed: 'tazpod exec -- mytool spec',
    shown: /mytool special-word/,
  },
]

/** Types a case at a prompt, presses Tab, and sees what the line shows. */
async function press(terminal: Terminal, { typed, shown }: Case): Promise<void> {
  terminal.type(`${typed}${TABS}`)
  await terminal.waitForText(shown)
}

const have = (shell: string): boolean => need(shell, `completion in ${shell}`)

describe.skipIf(!have('bash'))('bash', () => {
  test.each(CASES)('$what', async (one) => {
    const rc = scratch.file(
      'bashrc',
      `PS1='ready> '\nsource ~/completion.bash\n_mytool() { COMPREPLY=($(compgen -W 'special-word other' -- "\${COMP_WORDS[COMP_CWORD]}")); }\nmytool() { :; }\ncomplete -F _mytool mytool\n`,
    )
    await using bash = new Terminal(scratch, ['bash', '--noprofile', '--rcfile', rc, '-i'], {
      env: { PATH: path },
    })
    await bash.waitForText('ready>')
    await press(bash, one)
  })

  test('in an equals sign too', async () => {
    const rc = scratch.file('bashrc', `PS1='ready> '\nsource ~/completion.bash\n`)
    await using bash = new Terminal(scratch, ['bash', '--noprofile', '--rcfile', rc, '-i'], {
      env: { PATH: path },
    })
    await bash.waitForText('ready>')
    await press(bash, { what: '', typed: 'tazpod exec --only=AL', shown: /--only=ALPHA_TOKEN/ })
  })
})

describe.skipIf(!have('zsh'))('zsh', () => {
  test.each(CASES)('$what', async (one) => {
    scratch.folder('home/zfunc')
    scratch.file('zfunc/_tazpod', await must(scratch, ['completion', 'zsh']))
    writeFileSync(
      join(scratch.home, '.zshrc'),
      `PROMPT='ready> '\nunsetopt PROMPT_SP\nfpath=(~/zfunc $fpath)\nautoload -Uz compinit && compinit -u\n_mytool() { compadd special-word other; }\nmytool() { :; }\ncompdef _mytool mytool\n`,
    )
    await using zsh = new Terminal(scratch, ['zsh', '-i'], { env: { PATH: path } })
    await zsh.waitForText('ready>')
    await press(zsh, one)
  })
})

describe.skipIf(!have('fish'))('fish', () => {
  test.each(CASES)('$what', async ({ typed, shown }) => {
    scratch.file('.config/fish/completions/tazpod.fish', await must(scratch, ['completion', 'fish']))
    const script = `complete -c mytool -a 'special-word other'; complete -C '${typed}'`
    const done = await run(scratch, ['fish', '-c', script], { env: { PATH: path }, cwd: scratch.project })
    const word = /\S+$/.exec(shown.source.replaceAll('\\', ''))?.[0] ?? ''
    expect(done.stdout.split('\n').map((line) => line.split('\t')[0])).toContain(word.replace(/^.*\s/, ''))
  })
})

test('every visible command and flag is in every script', async () => {
  const { default: manifest } = await import('../../oclif.manifest.json', { with: { type: 'json' } })
  for (const shell of ['bash', 'zsh', 'fish']) {
    const script = await must(scratch, ['completion', shell])
    for (const [id, command] of Object.entries(manifest.commands)) {
      const { hidden, flags } = command as {
        hidden?: boolean
        flags: Record<string, { hidden?: boolean; name: string }>
      }
      if (hidden) continue
      for (const word of id.split(':')) expect(script).toContain(word)
      for (const flag of Object.values(flags)) if (!flag.hidden) expect(script).toContain(flag.name)
    }
    expect(script).not.toContain('for-exec')
  }
})

test('another shell is refused with the three that are', async () => {
  const done = await run(scratch, [tazpodBinary(), 'completion', 'tcsh'])
  expect(done).toMatchObject({ status: 64 })
  expect(done.stderr).toContain('bash')
})

describe('status --prompt', () => {
  const guide = readFileSync(join(CHECKOUT, 'docs/guides/shell.md'), 'utf8')
  const SHELLS = [
    ['bash', ['bash', '--norc', '--noprofile', '-i']],
    ['zsh', ['zsh', '-f', '-i']],
    ['fish', ['fish', '--no-config', '-i']],
  ] as const
  test.each(SHELLS.filter(([shell]) => have(shell)))(
    "the guide's line for %s puts it into the prompt",
    async (shell, argv) => {
      const line = guide.split('\n').find((one) => one.endsWith(`# ${shell}`)) ?? ''
      await using terminal = new Terminal(scratch, argv, { env: { PATH: path, PS1: 'ready> ' } })
      await terminal.waitForText('>') // the prompt of each
      terminal.line(line.replace(/ +# .*$/, ''))
      await terminal.waitForScreen((screen) => /project locked/.test(screen.split('\n').slice(1).join('\n')))
    },
  )

  test('nothing outside a project, the state in one; never more than a line', async () => {
    const at = (cwd: string): Promise<string> => must(scratch, ['status', '--prompt'], { cwd })
    expect(await at(scratch.home)).toBe('')
    expect(await at(scratch.project)).toBe('project locked\n')
    const { held } = await import('../support/story.ts')
    const folder = scratch.addProject('lab')
    await held(scratch, { folder, config: 'version: 1\n', secrets: {} })
    expect(await at(folder)).toMatch(/^test (29m|30m)\n$/) // idle ends before the 12 hours
    const odd = scratch.addProject('a\x1b[2Jb')
    scratch.file('a\x1b[2Jb/tazpod.yaml', 'version: 1\n')
    expect(await at(odd)).toBe('a?[2Jb locked\n')
  })
})
