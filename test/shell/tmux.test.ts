/**
 * End to end in tmux: the same keys in a shell of its own and in `tazpod shell` one row taller give the same screen
 * above the footer, the same cursor and the same scrollback.
 */
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { heldProject, partsOf } from '../support/shell/session.ts'
import { Pane, type PaneState } from '../support/shell/tmux.ts'
import { need } from '../support/tools.ts'
import { until } from '../support/until.ts'

const COLS = 80
const ROWS = 24

const hasTmux = need('tmux', 'tazpod shell end to end')
let scratch: Scratch
beforeEach(async () => {
  scratch = new Scratch()
  await heldProject(scratch)
  scratch.file(
    'project/long.txt',
    `${Array.from({ length: 200 }, (_, n) => `line ${n + 1} – ünïcode 漢字`).join('\n')}\n`,
  )
  scratch.file('.inputrc', 'set bell-style none\n')
})
afterEach(() => scratch[Symbol.asyncDispose]())

class Pair {
  readonly bare: Pane
  readonly ours: Pane
  #rows = ROWS

  constructor(bare: Pane, ours: Pane) {
    this.bare = bare
    this.ours = ours
  }

  static async open(): Promise<Pair> {
    const bash = "SHELL=/bin/bash PS1='$ ' bash --norc --noprofile"
    const shell = `SHELL=/bin/bash PS1='$ ' '${tazpodBinary()}' shell -- --norc --noprofile`
    const bare = await Pane.open(scratch, 'bare', { cols: COLS, rows: ROWS - 1 }, bash)
    const ours = await Pane.open(scratch, 'ours', { cols: COLS, rows: ROWS }, shell)
    await ours.waitFor('footer', (rows) => rows.at(-1)?.includes('unlocked') === true && rows[0] === '$')
    await bare.waitFor('prompt', (rows) => rows[0] === '$')
    return new Pair(bare, ours)
  }

  async both(work: (pane: Pane) => Promise<void>): Promise<void> {
    await work(this.bare)
    await work(this.ours)
  }

  async line(text: string): Promise<void> {
    await this.both((pane) => pane.line(text))
  }

  async resize(cols: number, rows: number): Promise<void> {
    this.#rows = rows
    await this.bare.resize(cols, rows - 1)
    await this.ours.resize(cols, rows)
  }

  /**
   * The two come to be the same in screen, cursor and scrollback. `wanted` is what the program shows in the end, not the
   * echo of what was typed: both may be equal on their way there, too.
   */
  async same(wanted: RegExp): Promise<void> {
    await this.bare.waitFor(`${wanted}`, (rows) => wanted.test(rows.join('\n')))
    let bare = await lookAt(this.bare)
    let ours = bare
    let footer: string | undefined
    await until(async () => {
      const before = await lookAt(this.bare)
      const all = await lookAt(this.ours)
      bare = await lookAt(this.bare)
      ours = { ...all, rows: all.rows.slice(0, this.#rows - 1) }
      footer = all.rows.at(-1)
      // A look takes several questions: the other pane must have stood still meanwhile.
      return (
        isDeepStrictEqual(before, bare) &&
        isDeepStrictEqual(ours, bare) &&
        footer?.includes('unlocked') === true
      )
    }, 15_000)
    expect(ours).toEqual(bare)
    expect(footer).toContain('unlocked')
    expect(bare.rows.join('\n')).toMatch(wanted)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.both((pane) => pane.line('exit'))
    await until(() => !scratch.processes().some(({ command }) => command.includes('main.js shell')))
    await this.bare[Symbol.asyncDispose]()
    await this.ours[Symbol.asyncDispose]()
  }
}

interface Look {
  rows: string[]
  history: string[]
  state: PaneState
}

async function lookAt(pane: Pane): Promise<Look> {
  return { rows: await pane.rows(), history: await pane.history(), state: await pane.state() }
}

describe.skipIf(!hasTmux)('the same as without tazpod', () => {
  test('typing, editing the line, scrolling, clearing', async () => {
    await using pair = await Pair.open()
    await pair.line('echo one; seq 100')
    await pair.same(/\n100\n\$$/m)
    await pair.both((pane) =>
      pane.type(
        'echo this is a line that is longer than the window is wide, so that it wraps to the next row',
      ),
    )
    await pair.both((pane) => pane.press('C-a', 'M-f', 'M-d', 'C-e', 'BSpace'))
    await pair.same(/^\$ echo is a line [\s\S]*next ro$/m)
    await pair.both((pane) => pane.press('C-c'))
    await pair.same(/next ro\^C\n\$$/m)
    await pair.line("printf '\\e[H\\e[2J'; seq 3")
    await pair.same(/^1\n2\n3\n\$/)
    await pair.line("printf '\\e[3;6r\\e[6;1Hin\\nthe\\nregion\\n\\e[r\\e[20;1H'")
    await pair.same(/^region\n[\s\S]*^\$$/m)
    await pair.line("echo '漢字 👍 e\u0301'")
    await pair.same(/^漢字 👍.*\n\$$/m)
  })

  test.skipIf(!need('vim', 'vim in tazpod shell'))('vim: insert, split, search, quit', async () => {
    await using pair = await Pair.open()
    await pair.line('seq 40; vim -n -u NONE -i NONE long.txt')
    await pair.same(/^line 1 .*\n(.*\n)*line 22/)
    await pair.both((pane) => pane.type('Gonew text é漢'))
    await pair.both((pane) => pane.press('Escape'))
    await pair.line(':split | 100')
    await pair.same(/line 100 (.*\n)*.*new text é漢/)
    await pair.both((pane) => pane.type('/line 150\r'))
    await pair.same(/line 150 /)
    await pair.line(':qa!')
    await pair.same(/40\n\$$/m)
  })

  test('vim follows the window', async () => {
    await using pair = await Pair.open()
    await pair.line('vim -n -u NONE -i NONE long.txt')
    await pair.same(/line 22/)
    await pair.resize(100, 30)
    await pair.same(/line 28/)
    await pair.resize(60, 15)
    await pair.same(/^line 1 [\s\S]*\nline 13 .*\n(?!line)/) // anew: cut off, it would show line 14 too
    await pair.line(':q')
    await pair.bare.waitFor('prompt', (rows) => rows.join('\n').trimEnd().endsWith('$'))
    await pair.ours.waitFor('prompt', (rows) => rows.slice(0, -1).join('\n').trimEnd().endsWith('$'))
  })

  test.skipIf(!need('less', 'less in tazpod shell'))('less: page, end, back', async () => {
    await using pair = await Pair.open()
    await pair.line('less long.txt')
    await pair.same(/^line 1 /)
    await pair.both((pane) => pane.type(' '))
    await pair.same(/^line 23 /)
    await pair.both((pane) => pane.type('G'))
    await pair.same(/line 200 .*\n\(END\)/)
    await pair.both((pane) => pane.type('q'))
    await pair.same(/^\$ less long.txt\n\$/)
  })

  test('tmux inside', async () => {
    await using pair = await Pair.open()
    await pair.bare.line(
      `tmux -f /dev/null -S '${scratch.tmp}/in-bare' new-session "PS1='in$ ' bash --norc --noprofile"`,
    )
    await pair.ours.line(
      `tmux -f /dev/null -S '${scratch.tmp}/in-ours' new-session "PS1='in$ ' bash --norc --noprofile"`,
    )
    for (const pane of [pair.bare, pair.ours]) await pane.waitFor('inner prompt', (rows) => rows[0] === 'in$')
    await pair.line('tmux set status-right ""; clear; seq 60; echo end')
    await pair.same(/60\nend\nin\$/)
    await pair.both((pane) => pane.press('C-b', '"'))
    await pair.same(/─{80}\n.*\$$/m) // the prompt of the new one
    await pair.line('exit')
    await pair.same(/^[^─]*$/)
    await pair.line('exit')
    await pair.bare.waitFor('end', (rows) => rows.join('\n').includes('[exited]'))
    await pair.ours.waitFor('end', (rows) => rows.join('\n').includes('[exited]'))
  })

  test.skipIf(!need('htop', 'htop in tazpod shell'))(
    'htop: draws to the last row, with the mouse, and quits',
    async () => {
      await using pair = await Pair.open()
      await pair.line('htop -d 50')
      for (const [pane, row] of [
        [pair.bare, -1],
        [pair.ours, -2],
      ] as const) {
        await pane.waitFor('htop', (rows) => /F1Help .*F10Quit/.test(rows.at(row) ?? ''))
        expect(await pane.state()).toMatchObject({ alternate: true, mouse: true })
      }
      await pair.both((pane) => pane.press('q'))
      await pair.same(/^\$ htop -d 50\n\$/)
    },
  )
})

test.skipIf(!hasTmux)('killed: the pane is as after any other program that was killed', async () => {
  await using pane = await Pane.open(
    scratch,
    'kill',
    { cols: COLS, rows: ROWS },
    "PS1='out$ ' bash --norc --noprofile",
  )
  await pane.waitFor('prompt', (rows) => rows[0] === 'out$')
  await pane.line(`SHELL=/bin/bash PS1='$ ' '${tazpodBinary()}' shell -- --norc --noprofile; echo "code $?"`)
  await pane.waitFor('footer', (rows) => rows.at(-1)?.includes('unlocked') === true && rows.includes('$'))
  await pane.line('vim -n -u NONE -i NONE long.txt')
  await pane.waitFor('vim', (rows) => rows[0]?.startsWith('line 1 ') === true)
  expect((await pane.state()).alternate).toBe(true)
  process.kill((await partsOf(scratch)).node, 'SIGKILL')
  await pane.waitFor('code', (rows) => rows.includes('code 137'))
  expect(await pane.state()).toMatchObject({ alternate: false, mouse: false })
  await pane.line('seq 50; stty -a | grep -c isig')
  await pane.waitFor('rows to the last one', (rows) => rows.slice(-3).join(' ') === '50 1 out$')
  await pane.line('exit')
})
