import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { ALTERNATE_OFF, ALTERNATE_ON, CLEAR, CLIPBOARD_CLEAR, CURSOR_ON, MOUSE_OFF } from './sequences.ts'

/**
 * Waits for the end of its standard input, which the kernel brings about however the dashboard dies. Then it puts
 * back what was switched on last, and the terminal's settings if Ctrl-C is still no signal there: that is the mark of
 * a full-screen program. A shell that was faster has made settings of its own, and keeps the signal.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM TSTP TTOU
saved=$(stty -g <&3) || exit 0
echo ready
screen= clipboard=
while read -r line; do
  case $line in
    in) screen=1 ;;
    out) screen= ;;
    copied) clipboard=1 ;;
    cleared) clipboard= ;;
  esac
done
[ -z "$clipboard" ] || printf %s "$2" >&3
[ -n "$screen" ] || exit 0
printf %s "$1" >&3
case $(stty -a <&3) in *-isig*) stty "$saved" <&3 ;; esac
`

/** What the guard has to undo. */
type GuardWord = 'in' | 'out' | 'copied' | 'cleared'

/** Puts the terminal back when the dashboard can't do it itself any more: SIGKILL, or no memory. */
export class TerminalGuard {
  readonly #child: ChildProcess | undefined

  private constructor(child: ChildProcess | undefined) {
    this.#child = child
  }

  /** A shell of a few hundred KiB in a session of its own. Without `sh` or `stty` there is no guard, and no failure. */
  static async start(terminal: number): Promise<TerminalGuard> {
    // It may be on the alternate screen yet, or not any more: what is cleared must be that one, not the screen below.
    const undo = `${ALTERNATE_ON}${CLEAR}${MOUSE_OFF}${ALTERNATE_OFF}${CURSOR_ON}`
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'tazpod-terminal-guard', undo, CLIPBOARD_CLEAR], {
      stdio: ['pipe', 'pipe', 'ignore', terminal],
      detached: true,
      env: { PATH: '/usr/bin:/bin' },
    })
    child.on('error', () => {})
    child.stdin?.on('error', () => {})
    const { stdout } = child
    if (!stdout) return new TerminalGuard(undefined)
    const ended = once(child, 'close').then(() => false)
    const ready = once(stdout, 'data').then(() => true)
    const alive = await Promise.race([ready, ended]).catch(() => false)
    stdout.destroy()
    child.unref()
    return new TerminalGuard(alive ? child : undefined)
  }

  /** Tells what is switched on or off from now on. Written at once: the next moment may be the last. */
  tell(word: GuardWord): void {
    this.#child?.stdin?.write(`${word}\n`)
  }

  /** The dashboard ends in order, and has put everything back. */
  end(): void {
    this.#child?.stdin?.end()
  }
}
