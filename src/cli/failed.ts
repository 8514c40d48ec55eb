import type { Failure } from '../core/failure/failure.ts'

/**
 * Carries an expected failure out of an oclif command to the one place that renders it (`run.ts`). Not an error
 * in the sense of a bug: oclif leaves a command early only by throwing, as its own `exit()` does.
 */
export class Failed extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.reason)
    this.failure = failure
  }
}
