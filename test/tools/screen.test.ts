/** Programs that draw the whole screen show through tazpod exactly what they show without it. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shellPrefix, startedAs, WAYS, type Way } from '../support/both-ways.ts'
import { Scratch } from '../support/scratch.ts'
import { held, ONE_FILE } from '../support/story.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'

const LINES = Array.from({ length: 200 }, (_, n) => `line ${n + 1} – ünïcode`).join('\n')

let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  scratch.file('project/long.txt', `${LINES}\n`)
  await held(scratch, { config: ONE_FILE, secrets: { TOKEN: 'granted line\nsecond line\n' } })
})
afterAll(() => scratch[Symbol.asyncDispose]())

/** The screens that `draw` collects, bare and through tazpod, must be the same. */
async function sameScreens(argv: string[], draw: (t: Terminal) => Promise<string[]>): Promise<string[]> {
  const seen: string[][] = []
  for (const way of WAYS) {
    await using terminal = new Terminal(scratch, startedAs(way, argv), { cols: 70, rows: 20 })
    seen.push(await draw(terminal))
    expect(await terminal.exit(), way).toEqual({ exitCode: 0, signal: 0 })
  }
  expect(seen[1]).toEqual(seen[0])
  return seen[1] ?? []
}

/** The screen, once the program has drawn all of it: only then it puts the cursor here, for the next key. */
async function drawn(
  terminal: Terminal,
  cursor: { x: number; y: number },
  shows: (screen: string) => boolean,
): Promise<string> {
  await terminal.waitForScreen((screen) => {
    const now = terminal.state().cursor
    return now.x === cursor.x && now.y === cursor.y && shows(screen)
  })
  return terminal.screen()
}

describe.skipIf(!need('less', 'less through tazpod exec'))('less', () => {
  test('pages, searches, goes to the end, follows the window and quits', async () => {
    const screens = await sameScreens(['less', 'long.txt'], async (terminal) => {
      const first = await drawn(terminal, { x: 8, y: 19 }, (screen) => screen.endsWith('\nlong.txt'))
      terminal.line('/line 150')
      const found = await drawn(
        terminal,
        { x: 1, y: 19 },
        (screen) => screen.startsWith('line 150 ') && screen.endsWith('\n:'),
      )
      terminal.type('G')
      const end = await drawn(terminal, { x: 5, y: 19 }, (screen) => screen.endsWith('\n(END)'))
      terminal.resize(60, 10)
      terminal.type('r') // less may be told between two looks for signals, and would look again at the next key only
      await terminal.waitForScreen((screen) => screen.endsWith('\n:')) // it has drawn itself again
      terminal.type('g')
      await terminal.waitForScreen(
        (s) => s.startsWith('line 1 ') && s.includes('line 9 ') && !s.includes('line 10 '),
      )
      terminal.type('q')
      return [first, found, end]
    })
    expect(screens).toHaveLength(3)
  })

  test('shows a granted file at the terminal', async () => {
    const argv = startedAs('through tazpod', ['sh', '-c', 'less "$TOKEN_FILE"'])
    await using terminal = new Terminal(scratch, argv)
    await terminal.waitForScreen((screen) => screen.startsWith('granted line\nsecond line\n'))
    terminal.type('q')
    expect(await terminal.exit()).toMatchObject({ exitCode: 0 })
  })
})

describe.skipIf(!need('vim', 'vim through tazpod exec'))('vim', () => {
  const vim = ['vim', '-n', '-u', 'NONE', '-i', 'NONE']

  test('draws, edits, splits and quits with the same screens', async () => {
    await sameScreens([...vim, 'long.txt'], async (terminal) => {
      const first = await drawn(terminal, { x: 0, y: 0 }, (screen) =>
        /^line 19 .*\n"long\.txt" /m.test(screen),
      )
      terminal.type('Gonew text é')
      await terminal.waitForScreen((screen) => screen.includes('new text é'))
      terminal.type(KEY.escape)
      terminal.line(':split | 100')
      const split = await drawn(
        terminal,
        { x: 0, y: 4 },
        (screen) => screen.includes('line 100 ') && screen.includes('new text'),
      )
      terminal.line(':qa!')
      return [first, split]
    })
  })

  test('writes back to a granted file for the rest of the command', async () => {
    const script = `${vim.join(' ')} "$TOKEN_FILE" && cp "$TOKEN_FILE" "$HOME/edited"`
    await using terminal = new Terminal(scratch, startedAs('through tazpod', ['sh', '-c', script]))
    await terminal.waitForScreen((screen) => screen.startsWith('granted line\n'))
    terminal.type('Oabove')
    terminal.type(KEY.escape)
    terminal.line(':wq')
    expect(await terminal.exit()).toMatchObject({ exitCode: 0 })
    expect(readFileSync(`${scratch.home}/edited`, 'utf8')).toBe('above\ngranted line\nsecond line\n')
  })

  test.each(WAYS)('Ctrl-Z gives the shell back, fg draws everything again: %s', async (way: Way) => {
    const argv = ['bash', '--norc', '--noprofile', '-i']
    await using bash = new Terminal(scratch, argv, { env: { PS1: 'prompt> ' }, cols: 70, rows: 20 })
    await bash.waitForText('prompt>')
    bash.line(`${shellPrefix(way)}${vim.join(' ')} long.txt`)
    await bash.waitForScreen((screen) => screen.startsWith('line 1 ') && screen.includes('line 19 '))
    const before = bash.screen()
    bash.type(KEY.ctrlZ)
    await bash.waitForScreen((screen) => /Stopped/.test(screen))
    bash.line('echo "in the shell $((40 + 2))"; jobs')
    await bash.waitForScreen((screen) => screen.includes('in the shell 42'))
    bash.line('fg')
    await bash.waitForScreen((screen) => screen.includes('line 19 '))
    await bash.waitForScreen((screen) => screen.split('\n')[0] === before.split('\n')[0])
    bash.line(':q')
    await bash.waitForScreen((screen) => !screen.includes('line 19 '))
    bash.line('echo "code $?"; exit')
    await bash.waitForText('code 0')
  })
})
