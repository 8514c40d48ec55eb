/** The server's own time: it runs like the real one, or stands still, and a test can move it. */
export class Clock {
  #ahead = 0
  readonly #stillAt: number | undefined

  constructor(still: boolean) {
    this.#stillAt = still ? Date.now() : undefined
  }

  /** Milliseconds, like `Date.now()`. */
  now(): number {
    return (this.#stillAt ?? Date.now()) + this.#ahead
  }

  seconds(): number {
    return Math.floor(this.now() / 1000)
  }

  iso(): string {
    return new Date(this.now()).toISOString()
  }

  advance(seconds: number): void {
    this.#ahead += seconds * 1000
  }
}
