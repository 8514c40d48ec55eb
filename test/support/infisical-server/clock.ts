/** The server's own time: it runs like the real one, and a test can move it. */
export class Clock {
  #ahead = 0

  /** Milliseconds, like `Date.now()`. */
  now(): number {
    return Date.now() + this.#ahead
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
