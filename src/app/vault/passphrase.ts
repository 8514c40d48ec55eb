import { readSecretFd } from '../../adapters/terminal/secret-fd.ts'
import { askHidden, hasTerminal } from '../../adapters/terminal/terminal.ts'
import { tracer } from '../../adapters/terminal/tracer.ts'
import { failureText } from '../../core/failure/words.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { MAX_PASSPHRASE } from '../../core/text/line-editor.ts'

const TRIES = 3

interface PassphraseSource {
  /** Descriptor that delivers the passphrase; without it a person is asked. */
  fd?: number | undefined
  nonInteractive: boolean
  /** What is asked for, as a person reads it: `passphrase of the vault`. */
  label: string
}

/**
 * Gets a passphrase from `fd`, or from the terminal. 1 to 1024 bytes; the caller zeroes it.
 * Failures: traced, no-terminal (also with `nonInteractive`), interrupted, bad-passphrase.
 */
async function obtainPassphrase(source: PassphraseSource): Promise<Result<Buffer>> {
  const seen = tracer()
  if (seen) return err({ reason: 'traced', ...seen })
  if (source.fd !== undefined) return readSecretFd(source.fd, MAX_PASSPHRASE)
  if (source.nonInteractive || !hasTerminal()) {
    return err({
      reason: 'no-terminal',
      need: `the ${source.label}`,
      next: 'the same command with --passphrase-fd N',
    })
  }
  return askHidden(`${source.label[0]?.toUpperCase()}${source.label.slice(1)}: `)
}

/**
 * Opens something with a passphrase: three tries where a person types it, one from a descriptor. `open` gets
 * each passphrase, which is zeroed right after. Any failure but a wrong passphrase ends it at once.
 */
export async function withPassphrase<T>(
  source: PassphraseSource,
  open: (passphrase: Buffer) => Promise<Result<T>>,
  say: (line: string) => void,
): Promise<Result<T>> {
  for (let tries = 1; ; tries++) {
    const passphrase = await obtainPassphrase(source)
    if (!passphrase.ok) return passphrase
    const opened = await open(passphrase.value).finally(() => passphrase.value.fill(0))
    if (opened.ok || opened.error.reason !== 'wrong-passphrase') return opened
    if (source.fd !== undefined || tries === TRIES) return err({ reason: 'wrong-passphrase', tries })
    say('wrong passphrase, try again')
  }
}

/**
 * Gets a new passphrase: typed twice (or once from `fd`) and checked by `check` for strength. A person who typed a
 * weak one, or two different ones, is asked again, three times in all: sent back to the shell they would type the
 * next one there, in the clear and into its history.
 * Failures: as `obtainPassphrase`, bad-passphrase when the two differ, and what `check` refuses.
 */
export async function obtainNewPassphrase(
  source: PassphraseSource,
  check: (passphrase: Buffer) => Result<void>,
  say: (line: string) => void,
): Promise<Result<Buffer>> {
  for (let tries = 1; ; tries++) {
    const first = await obtainPassphrase({ ...source, label: `new ${source.label}` })
    if (!first.ok) return first
    const right = check(first.value)
    const problem = right.ok && source.fd === undefined ? await typedAgain(source, first.value) : right
    if (problem.ok) return first
    first.value.fill(0)
    const { error } = problem
    const again = error.reason === 'weak-passphrase' || error.reason === 'bad-passphrase'
    if (!again || source.fd !== undefined || tries === TRIES) return problem
    say(`${failureText(error).message}; try again`)
  }
}

/** Asks once more. Failures: as `obtainPassphrase`, and bad-passphrase when it is another one. */
async function typedAgain(source: PassphraseSource, first: Buffer): Promise<Result<void>> {
  const second = await obtainPassphrase({ ...source, label: `new ${source.label} again` })
  if (!second.ok) return second
  const same = first.equals(second.value)
  second.value.fill(0)
  return same ? ok() : err({ reason: 'bad-passphrase', why: 'the two are not the same' })
}
