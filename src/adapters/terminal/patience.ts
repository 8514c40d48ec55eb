/**
 * Waits for the rest of a key's sequence. Esc alone and the start of an arrow key are the same byte (ECMA-48 5.6), and
 * only time tells them apart. Node runs timers that are due before it reads what has come meanwhile: in a process that
 * was held up a timer alone would take every arrow key for Esc. So the answer waits for one more look at the input.
 */
export class Patience {
  #timer: NodeJS.Timeout | undefined
  #look: NodeJS.Immediate | undefined

  /** Calls `giveUp` once `ms` have passed and everything that had come by then was read, unless it is stopped. */
  start(ms: number, giveUp: () => void): void {
    this.stop()
    this.#timer = setTimeout(() => {
      this.#look = setImmediate(giveUp)
    }, ms)
  }

  /** More has come, or nobody waits any more. */
  stop(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#look)
  }
}
