import { constants, openSync } from 'node:fs'
import { Readable } from 'node:stream'
import { ReadStream } from 'node:tty'
import { Patience } from '../../adapters/terminal/patience.ts'
import { type MouseEvent, splitMouse } from './mouse.ts'

/** A sequence that was cut between two reads comes within this time, or it was a lone Esc. */
const PATIENCE_MS = 50

/**
 * The keyboard for Ink: reads /dev/tty while it is wanted in raw mode, and closes it as soon as it is not, so that a
 * prompt or a command that takes its place gets every byte. What the mouse says is taken out and told as `mouse`.
 */
export class TerminalInput extends Readable {
  readonly isTTY = true
  #tty: ReadStream | undefined
  #held = ''
  readonly #patience = new Patience()
  readonly #onMouse: (event: MouseEvent) => void

  constructor(onMouse: (event: MouseEvent) => void = () => {}) {
    super({ encoding: 'utf8' })
    this.#onMouse = onMouse
  }

  setRawMode(on: boolean): this {
    if (on && !this.#tty) this.#open()
    if (!on && this.#tty) this.#close()
    return this
  }

  ref(): void {
    this.#tty?.ref()
  }

  unref(): void {
    this.#tty?.unref()
  }

  override _read(): void {}

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#close()
    done(error)
  }

  #open(): void {
    const tty = new ReadStream(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY))
    this.#tty = tty
    tty.setEncoding('utf8')
    tty.setRawMode(true)
    tty.on('data', (text) => this.#take(String(text)))
    // The terminal went away: SIGHUP says so too, and ends everything.
    tty.on('error', () => this.push(null))
    tty.on('end', () => this.push(null))
  }

  #close(): void {
    this.#patience.stop()
    this.#held = ''
    const tty = this.#tty
    this.#tty = undefined
    if (!tty) return
    tty.removeAllListeners('data').removeAllListeners('end')
    if (!tty.destroyed) tty.setRawMode(false)
    tty.destroy()
  }

  #take(text: string): void {
    this.#patience.stop()
    const { keys, events, rest } = splitMouse(this.#held + text)
    this.#held = rest
    for (const event of events) this.#onMouse(event)
    if (keys !== '') this.push(keys)
    if (rest !== '') this.#patience.start(PATIENCE_MS, () => this.#giveUp())
  }

  #giveUp(): void {
    const keys = this.#held
    this.#held = ''
    if (keys !== '') this.push(keys)
  }
}
