import type { Result } from '../../core/result.ts'
import type { MouseEvent } from '../terminal/mouse.ts'

/** What the dashboard wants of its terminal beyond drawing on it. */
export interface TerminalControl {
  /** Gives the terminal away for `work`, which talks to the person itself, and takes it back. */
  lend<T>(work: () => Promise<T>): Promise<T>
  /** Shows for some seconds what `ask` returns, where nothing is kept of it. */
  reveal(name: string, ask: () => Promise<Result<Buffer>>): Promise<Result<void>>
  /** Asks, and copies what `ask` returns; `cleared` is called once it was taken away. False: too long. */
  copy(name: string, ask: () => Promise<Result<Buffer>>, cleared: () => void): Promise<Result<boolean>>
  /** Stops the program, as Ctrl-Z does, until the shell lets it go on. */
  stop(): Promise<void>
  /** The one who is told of the mouse. */
  onMouse(listener: ((event: MouseEvent) => void) | undefined): void
}
