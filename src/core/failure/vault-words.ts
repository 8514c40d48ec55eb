import { SECRET_NAME_RULE } from '../text/secret-name.ts'
import { shellWord } from '../text/shell-word.ts'
import { show } from '../text/show.ts'
import { formatSize } from '../text/size.ts'
import { errnoWords } from './errno-words.ts'
import { EXIT, type FailureText } from './exit.ts'
import type { Failure } from './failure.ts'

export type VaultFailure = Extract<
  Failure,
  {
    reason:
      | `vault-${string}`
      | 'not-written'
      | 'unsafe-file'
      | 'too-large'
      | 'secret-missing'
      | 'bad-secret-name'
      | 'would-replace'
      | 'keyring'
      | 'recovery-key'
      | 'unsafe-output'
  }
>

/** The words for what can go wrong with the vault and its files; `failureText` is the one caller. */
export function vaultFailureText(failure: VaultFailure): FailureText {
  switch (failure.reason) {
    case 'vault-missing':
      return failure.generations === 0
        ? { message: `there is no vault at ${failure.path}`, next: 'tazpod vault init', exitCode: EXIT.data }
        : {
            message: `${failure.path} is missing, but ${failure.generations} earlier generations are kept`,
            next: 'tazpod vault history',
            exitCode: EXIT.data,
          }
    case 'vault-keyless':
      return {
        message: `${failure.identity}, which opens ${failure.vault}, is missing: put it back from a backup, or use the recovery key`,
        next: 'tazpod vault passwd --recovery',
        exitCode: EXIT.data,
      }
    case 'vault-leftover':
      return {
        message: `${failure.identity} is there without its vault, as an interrupted init leaves it, and this passphrase does not open it. If no copy of its vault is anywhere else, move it away and start again`,
        next: `mv -i ${shellWord(failure.identity)} ${shellWord(`${failure.identity}.old`)}`,
        exitCode: EXIT.refused,
      }
    case 'vault-exists':
      return {
        message: `${failure.path} exists already and was not touched: a new vault never replaces one`,
        next: 'tazpod vault list',
        exitCode: EXIT.refused,
      }
    case 'vault-damaged':
      return {
        message: `${failure.path} is damaged: ${failure.why}`,
        next: 'tazpod vault history',
        exitCode: EXIT.data,
      }
    case 'vault-foreign':
      return {
        message: `${failure.vault} does not belong to ${failure.identity}: it is another vault's, or its header is damaged`,
        next: 'tazpod vault verify',
        exitCode: EXIT.data,
      }
    case 'vault-older':
      return {
        message:
          `${failure.path} is generation ${failure.generation}, but this machine has seen generation ${failure.seen}: ` +
          'somebody put an older vault in its place',
        next: 'tazpod vault history',
        exitCode: EXIT.refused,
      }
    case 'vault-newer':
      return {
        message: `${failure.path} was made by a newer tazpod (format version ${failure.version}; this one knows 1)`,
        exitCode: EXIT.data,
      }
    case 'vault-busy':
      return {
        message: `another tazpod is writing ${failure.path}; nothing was changed`,
        exitCode: EXIT.locked,
      }
    default:
      return fileFailureText(failure)
  }
}

function fileFailureText(failure: Exclude<VaultFailure, { reason: `vault-${string}` }>): FailureText {
  switch (failure.reason) {
    case 'not-written':
      return {
        message: `can't write ${failure.path}: ${failure.step}: ${errnoWords(failure.code)}; what was there before is unchanged`,
        exitCode: EXIT.system,
      }
    case 'unsafe-file': {
      const text = { message: `${failure.path} is not used: ${failure.why}`, exitCode: EXIT.refused }
      return failure.next === undefined ? text : { ...text, next: failure.next }
    }
    case 'too-large':
      return {
        message: `${failure.what} is ${formatSize(failure.size)}; at most ${formatSize(failure.limit)} fit`,
        exitCode: EXIT.data,
      }
    case 'secret-missing':
      return {
        message: `${failure.from} has no secret ${failure.name}`,
        next: failure.from === 'the vault' ? 'tazpod vault list' : 'tazpod pull',
        exitCode: EXIT.data,
      }
    case 'would-replace':
      return {
        message: `the vault already holds another value of ${failure.names.join(', ')}; nothing was changed`,
        next: 'the same command with --force   (the old value stays in tazpod vault history)',
        exitCode: EXIT.data,
      }
    case 'bad-secret-name':
      return {
        message: `${show(failure.name)} can't name a secret: ${SECRET_NAME_RULE}`,
        exitCode: EXIT.usage,
      }
    case 'keyring':
      return {
        message: `the desktop's secret service can't be used: ${failure.why}. Without it, leave out --remember and type the passphrase, or pass it with --passphrase-fd`,
        exitCode: EXIT.unavailable,
      }
    case 'recovery-key':
      return { message: `the vault was not recovered: ${failure.why}`, exitCode: EXIT.refused }
    case 'unsafe-output':
      return {
        message: `no clear text there: ${failure.why}. Send it to a pipe, or add --force if you mean it`,
        exitCode: EXIT.refused,
      }
    default:
      return unreachable(failure)
  }
}

function unreachable(failure: never): never {
  throw new Error(`failure without a text: ${JSON.stringify(failure)}`)
}
