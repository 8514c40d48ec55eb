import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import type { Failure } from '../../core/failure/failure.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type Edit, LineEditor, MAX_PASSPHRASE } from '../../core/text/line-editor.ts'
import { Patience } from './patience.ts'

const TTY = '/dev/tty'
const MAX_ANSWER = 1024
/** A stop that did not happen (no job control) must not leave the prompt waiting for a SIGCONT. */
const STOP_GRACE_MS = 200
/** The rest of an arrow key's sequence comes within this time, also over a slow line; else it was Esc alone. */
const ESCAPE_MS = 100

/** Whether there is a terminal to ask on, wherever stdin and stdout go. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync(TTY, constants.O_RDWR | constants.O_NOCTTY))
    return true
  } catch {
    return false
  }
}

/**
 * Asks for one hidden line on /dev/tty. What was typed before the prompt is thrown away; echo is off from then
 * until the answer, and is restored on every way out (Esc, Ctrl-C, Ctrl-Z, SIGTERM, SIGHUP).
 * Returns the typed bytes, 1 to 1024, without the line end; the caller zeroes them.
 * Failures: interrupted (Esc, Ctrl-C), bad-passphrase (empty, Ctrl-D, too long), no-terminal.
 */
export async function askHidden(prompt: string): Promise<Result<Buffer>> {
  const line = await readLine(prompt, false, MAX_PASSPHRASE)
  if (line.ok && line.value.length === 0) return err({ reason: 'bad-passphrase', why: 'nothing was typed' })
  return line
}

/**
 * Asks a yes-or-no question on /dev/tty. Yes is `y` or `yes`, and Enter alone where `fallback` is true; everything
 * else, Ctrl-D too, is a no.
 * Failures: interrupted (Esc, Ctrl-C), no-terminal.
 */
export async function confirm(question: string, fallback = false): Promise<Result<boolean>> {
  const line = await readLine(`${question} ${fallback ? '[Y/n]' : '[y/N]'} `, true, 16)
  if (!line.ok) return line.error.reason === 'usage' ? ok(false) : line
  const answer = line.value.toString('utf8').trim()
  return ok(answer === '' ? fallback : /^y(es)?$/i.test(answer))
}

/**
 * Asks for one line that may be seen, on /dev/tty; `fallback` where only Enter is pressed. Printable ASCII.
 * Failures: interrupted (Ctrl-C), usage (longer than 1024 bytes), no-terminal.
 */
export async function askVisible(question: string, fallback = ''): Promise<Result<string>> {
  const shown = fallback === '' ? `${question}: ` : `${question} [${fallback}]: `
  const line = await readLine(shown, true, MAX_ANSWER)
  return line.ok ? ok(line.value.toString('utf8').trim() || fallback) : line
}

/**
 * Asks for one visible line on /dev/tty, at most 500 bytes; empty is an answer.
 * Failures: interrupted (Ctrl-C), usage (longer), no-terminal.
 */
export async function askLine(question: string): Promise<Result<string>> {
  const line = await readLine(`${question} `, true, 500)
  return line.ok ? ok(line.value.toString('utf8').trim()) : line
}

/** Shows text on the terminal itself, so that what is asked is seen wherever stdout and stderr go. */
export function showOnTerminal(text: string): void {
  const fd = openSync(TTY, constants.O_WRONLY | constants.O_NOCTTY)
  try {
    writeSync(fd, text)
  } finally {
    closeSync(fd)
  }
}

async function readLine(prompt: string, visible: boolean, limit: number): Promise<Result<Buffer>> {
  let fds: { input: number; side: number }
  try {
    // `side` writes the prompt and drains typed-ahead input: not blocking, and not the stream's own description.
    const side = openSync(TTY, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
    fds = { side, input: openSync(TTY, constants.O_RDWR | constants.O_NOCTTY) }
  } catch {
    return err({ reason: 'no-terminal', need: 'an answer', next: 'run it in a terminal' })
  }
  const stream = new ReadStream(fds.input)
  const editor = new LineEditor(limit)
  try {
    return await new Prompt(stream, fds.side, editor, prompt, visible).answer()
  } finally {
    editor.wipe()
    stream.destroy()
    closeSync(fds.side)
  }
}

class Prompt {
  readonly #stream: ReadStream
  readonly #side: number
  readonly #editor: LineEditor
  readonly #text: string
  readonly #visible: boolean
  readonly #escape = new Patience()

  constructor(stream: ReadStream, side: number, editor: LineEditor, text: string, visible: boolean) {
    this.#stream = stream
    this.#side = side
    this.#editor = editor
    this.#text = text
    this.#visible = visible
  }

  async answer(): Promise<Result<Buffer>> {
    const { promise, resolve } = Promise.withResolvers<Result<Buffer>>()
    const stop = (failure: Failure) => resolve(err(failure))
    const signals = this.#watchSignals(() => stop({ reason: 'interrupted' }))
    this.#start()
    this.#stream.on('data', (chunk: Buffer) => this.#take(chunk, resolve))
    // A hang-up of the terminal arrives as an end or as EIO.
    this.#stream.on('end', () => stop({ reason: 'interrupted' }))
    this.#stream.on('error', () => stop({ reason: 'interrupted' }))
    const result = await promise
    this.#escape.stop()
    drain(this.#side) // the rest of a pasted text must not reach the shell
    this.#restore()
    this.#write('\n')
    signals.remove()
    return result
  }

  #start(): void {
    this.#stream.setRawMode(true)
    drain(this.#side)
    this.#write(`\r\x1b[K${this.#text}`) // over what was typed ahead and echoed
  }

  #restore(): void {
    if (!this.#stream.destroyed) this.#stream.setRawMode(false)
  }

  #take(chunk: Buffer, resolve: (result: Result<Buffer>) => void): void {
    this.#escape.stop()
    for (const byte of chunk) {
      const edit = this.#editor.type(byte)
      if (this.#visible) this.#echo(edit, byte)
      const result = this.#outcome(edit)
      if (!result) continue
      resolve(result)
      break
    }
    chunk.fill(0)
    if (this.#editor.afterEscape) this.#escape.start(ESCAPE_MS, () => resolve(err({ reason: 'interrupted' })))
  }

  #outcome(edit: Edit): Result<Buffer> | undefined {
    if (edit === 'interrupt') return err({ reason: 'interrupted', byKey: true })
    if (edit === 'end')
      return this.#visible
        ? ok(Buffer.from('n'))
        : err({ reason: 'bad-passphrase', why: 'nothing was typed' })
    if (edit === 'suspend') this.#suspend()
    if (edit !== 'enter') return undefined
    const { isTooLong, limit } = this.#editor
    if (!isTooLong) return ok(this.#editor.take())
    return this.#visible
      ? err({ reason: 'usage', message: `the answer is longer than ${limit} bytes` })
      : err({ reason: 'bad-passphrase', why: `it is longer than ${limit} bytes` })
  }

  /** Ctrl-Z: the terminal is put back before this job stops, and the question is asked anew when it goes on. */
  #suspend(): void {
    this.#editor.wipe()
    this.#restore()
    this.#write('\n')
    let asked = false
    const again = () => {
      if (asked || this.#stream.destroyed) return
      asked = true
      this.#start()
    }
    process.once('SIGCONT', again)
    process.kill(0, 'SIGTSTP') // the whole job, as the terminal itself would do
    setTimeout(again, STOP_GRACE_MS).unref()
  }

  /** SIGTERM and SIGHUP still end the process as they always do, but with the terminal as it was. */
  #watchSignals(interrupted: () => void): { remove: () => void } {
    const die = (signal: NodeJS.Signals) => {
      this.#editor.wipe()
      this.#restore()
      remove()
      process.kill(process.pid, signal)
    }
    const remove = () => {
      process.off('SIGTERM', die).off('SIGHUP', die).off('SIGINT', interrupted)
    }
    process.on('SIGTERM', die).on('SIGHUP', die).on('SIGINT', interrupted)
    return { remove }
  }

  #echo(edit: Edit, byte: number): void {
    if (edit === 'show') this.#write(Buffer.of(byte))
    else if (edit === 'erase') this.#write('\b \b')
    else if (edit === 'clear') this.#write(`\r\x1b[K${this.#text}`)
  }

  #write(text: string | Buffer): void {
    try {
      writeSync(this.#side, typeof text === 'string' ? Buffer.from(text) : text)
    } catch {
      // A terminal that went away or does not drain: the read side reports it.
    }
  }
}

/** Reads and discards what is already there. */
function drain(fd: number): void {
  const bytes = Buffer.alloc(4096)
  try {
    while (readSync(fd, bytes, 0, bytes.length, null) > 0) bytes.fill(0)
  } catch {
    // EAGAIN: empty. Anything else shows on the stream that is read next.
  } finally {
    bytes.fill(0)
  }
}
