import type { Scratch } from '../scratch.ts'
import { run } from '../tazpod.ts'
import { until } from '../until.ts'

export interface PaneState {
  cursor: string
  alternate: boolean
  mouse: boolean
  history: number
}

/** A pane of a tmux server of its own, without anybody's configuration, in which a program runs. */
export class Pane implements AsyncDisposable {
  readonly #scratch: Scratch
  readonly #socket: string

  private constructor(scratch: Scratch, socket: string) {
    this.#scratch = scratch
    this.#socket = socket
  }

  static async open(
    scratch: Scratch,
    name: string,
    size: { cols: number; rows: number },
    command: string,
  ): Promise<Pane> {
    const pane = new Pane(scratch, `${scratch.tmp}/tmux-${name}`)
    const { cols, rows } = size
    // Without a status line from the start: a change of size while a shell starts may be undone by its readline.
    await pane.#tmux([
      ...['-u', 'start-server', ';', 'set', '-g', 'status', 'off', ';'],
      ...['new-session', '-d', '-s', 'a', '-x', `${cols}`, '-y', `${rows}`, command],
    ])
    await pane.resize(cols, rows)
    return pane
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux(['send-keys', '-t', 'a', '-l', text])
  }

  /** Presses keys by tmux's names: Enter, Escape, C-c. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux(['send-keys', '-t', 'a', ...keys])
  }

  async line(text: string): Promise<void> {
    await this.type(text)
    await this.press('Enter')
  }

  async resize(cols: number, rows: number): Promise<void> {
    await this.#tmux(['resize-window', '-t', 'a', '-x', `${cols}`, '-y', `${rows}`])
  }

  async rows(): Promise<string[]> {
    const text = await this.#tmux(['capture-pane', '-p', '-t', 'a'])
    return text
      .split('\n')
      .slice(0, -1)
      .map((row) => row.trimEnd())
  }

  async history(): Promise<string[]> {
    const { history } = await this.state()
    if (history === 0) return []
    const text = await this.#tmux(['capture-pane', '-p', '-S', '-', '-E', '-1', '-t', 'a'])
    return text
      .split('\n')
      .slice(0, -1)
      .map((row) => row.trimEnd())
  }

  async state(): Promise<PaneState> {
    const format = '#{cursor_x},#{cursor_y} #{alternate_on} #{mouse_any_flag} #{history_size}'
    const [cursor = '', alternate, mouse, history] = (await this.#tmux(['display', '-p', '-t', 'a', format]))
      .trim()
      .split(' ')
    return { cursor, alternate: alternate === '1', mouse: mouse === '1', history: Number(history) }
  }

  /** Waits until the rows fulfil `test`; fails with the screen. */
  async waitFor(what: string, test: (rows: string[]) => boolean | Promise<boolean>): Promise<void> {
    if (!(await until(async () => test(await this.rows()), 15_000)))
      throw new Error(`no ${what} in\n${(await this.rows()).join('\n')}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(this.#scratch, ['tmux', '-S', this.#socket, 'kill-server'])
  }

  async #tmux(args: readonly string[]): Promise<string> {
    const done = await run(this.#scratch, ['tmux', '-f', '/dev/null', '-S', this.#socket, ...args])
    if (done.status !== 0) throw new Error(`tmux ${args.join(' ')}: ${done.stderr}`)
    return done.stdout
  }
}
