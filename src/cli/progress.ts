import { printable } from './output.ts'
import { clip } from './width.ts'

/** A line that says what tazpod is busy with. */
interface Progress {
  /** What is done now, such as `12 of 40 secrets`. */
  update(text: string): void
  /** Takes the line away. Call it before anything else is printed, and before a question. May be called twice. */
  done(): void
}

/** Where the line is drawn: stderr, or what a test puts in its place. */
export interface ProgressStream {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

/** Work that ends sooner draws nothing: a line that flashes up says less than none. */
const PATIENCE_MS = 150
const TICK_MS = 100
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/** As `progress`, from the first update on: a question may come before. */
export function lazyProgress(label: string): Progress {
  let line: Progress | undefined
  return {
    update(text) {
      line ??= progress(label)
      line.update(text)
    },
    done() {
      line?.done()
    },
  }
}

/**
 * Shows on stderr that something takes a while: one line, rewritten in place, gone at the end. Draws only on a
 * terminal; into a pipe or a file not one byte is written. It holds no process open.
 */
export function progress(label: string, stream: ProgressStream = process.stderr): Progress {
  if (stream.isTTY !== true || process.env.TERM === 'dumb') return { update() {}, done() {} }
  const started = Date.now()
  let text = ''
  let frame = 0
  let drawn = false
  const draw = () => {
    const words = printable(text === '' ? label : `${label}: ${text}`)
    const mark = FRAMES[frame % FRAMES.length] ?? ''
    stream.write(`\r\x1b[K${mark} ${clip(words, (stream.columns || 80) - 3)}`)
    drawn = true
  }
  const timer = setInterval(() => {
    if (Date.now() - started < PATIENCE_MS) return
    frame++
    draw()
  }, TICK_MS).unref()
  return {
    update(next) {
      text = next
      if (drawn) draw()
    },
    done() {
      clearInterval(timer)
      if (drawn) stream.write('\r\x1b[K')
      drawn = false
    },
  }
}
