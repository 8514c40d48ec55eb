import { shellWord } from '../text/shell-word.ts'
import { castleFailureText } from './castle-words.ts'
import { errnoWords, isSystemErrno } from './errno-words.ts'
import { EXIT, type FailureText, withNext } from './exit.ts'
import type { Failure } from './failure.ts'
import { infisicalFailureText } from './infisical-words.ts'
import { vaultFailureText } from './vault-words.ts'

/** The only place that turns a failure into words. */
export function failureText(failure: Failure): FailureText {
  switch (failure.reason) {
    case 'usage':
      return withNext({ message: failure.message, exitCode: EXIT.usage }, failure.next)
    case 'config-missing':
      return {
        message: `no tazpod.yaml in ${failure.folder} or above`,
        next: 'tazpod init',
        exitCode: EXIT.data,
      }
    case 'config-invalid':
      return {
        message: failure.problems
          .map((p) => `${failure.file}:${p.line}:${p.column}: ${p.message}${p.hint ? ` (${p.hint})` : ''}`)
          .join('\n'),
        exitCode: EXIT.data,
      }
    case 'trust-needed':
      return {
        message: `${failure.file} is new or changed and not trusted yet`,
        next: 'tazpod trust   (in a script: tazpod trust --yes)',
        exitCode: EXIT.locked,
      }
    case 'trust-refused':
      return {
        message: `${failure.file} was not trusted; nothing was done`,
        next: 'tazpod trust',
        exitCode: EXIT.refused,
      }
    case 'locked':
      return { message: 'locked', next: 'tazpod pull', exitCode: EXIT.locked }
    case 'interrupted':
      return { message: 'interrupted; nothing was changed', exitCode: 130 }
    case 'no-terminal':
      return { message: `no terminal to ask for ${failure.need}`, next: failure.next, exitCode: EXIT.locked }
    case 'wrong-passphrase':
      return {
        message: failure.tries > 1 ? `wrong passphrase, ${failure.tries} tries` : 'wrong passphrase',
        next: 'tazpod vault passwd --recovery, if it is lost and a recovery key was made',
        exitCode: EXIT.refused,
      }
    case 'weak-passphrase':
      return withNext(
        { message: `this passphrase is too weak: ${failure.why}`, exitCode: EXIT.refused },
        failure.next,
      )
    case 'bad-passphrase':
      return {
        message: `this ${failure.what ?? 'passphrase'} can't be used: ${failure.why}`,
        exitCode: EXIT.refused,
      }
    case 'native-missing':
      return {
        message: `the native part of tazpod is not at ${failure.path}`,
        next: 'npm run build',
        exitCode: EXIT.bug,
      }
    case 'ghost':
      return withNext({ message: failure.message, exitCode: failure.exitCode }, failure.next)
    case 'vault-missing':
    case 'vault-keyless':
    case 'vault-leftover':
    case 'vault-exists':
    case 'vault-damaged':
    case 'vault-foreign':
    case 'vault-older':
    case 'vault-newer':
    case 'vault-busy':
    case 'not-written':
    case 'unsafe-file':
    case 'too-large':
    case 'secret-missing':
    case 'bad-secret-name':
    case 'would-replace':
    case 'keyring':
    case 'recovery-key':
    case 'unsafe-output':
      return vaultFailureText(failure)
    case 'provider-file':
      return withNext({ message: `${failure.what} ${failure.why}`, exitCode: EXIT.data }, failure.next)
    case 'provider-command':
      return {
        message: `${failure.name} can't be had: ${failure.argv[0]} ${failure.why}`,
        next: `${failure.argv.map(shellWord).join(' ')}   (by hand, to see)`,
        exitCode: EXIT.unavailable,
      }
    case 'infisical':
      return infisicalFailureText(failure)
    case 'castle-missing':
    case 'castle-record':
    case 'castle-exists':
    case 'castle-data':
    case 'castle-refused':
    case 'castle-tool':
      return castleFailureText(failure)
    case 'bad-value':
      return { message: `${failure.name} can't be delivered: ${failure.why}`, exitCode: EXIT.data }
    case 'bad-import':
      return {
        message: `${failure.file}:${failure.line}: not right for ${failure.format}: ${failure.why}`,
        exitCode: EXIT.data,
      }
    case 'change-dropped':
      return {
        message: `what ${failure.command} made of ${failure.name} was dropped: ${failure.why}`,
        exitCode: EXIT.data,
      }
    case 'clear-text':
      return {
        message: `${failure.path} holds clear text on the disk; a bind needs an empty file there`,
        next: failure.next,
        exitCode: EXIT.refused,
      }
    case 'not-granted':
      return {
        message: `--only ${failure.name}: ${failure.command} is not granted that; name a secret or a bind that it gets`,
        next: 'tazpod exec --explain -- COMMAND',
        exitCode: EXIT.data,
      }
    case 'not-saved':
      return {
        message: `${failure.name} was not saved: ${failure.why}; the vault is unchanged`,
        exitCode: EXIT.data,
      }
    case 'would-show':
      return {
        message: `${failure.what} would show on the terminal`,
        next: failure.next,
        exitCode: EXIT.refused,
      }
    case 'io':
      return {
        message: `can't ${failure.action} ${failure.path}: ${errnoWords(failure.code)}`,
        exitCode: isSystemErrno(failure.code) ? EXIT.system : EXIT.data,
      }
    default:
      return unreachable(failure)
  }
}

function unreachable(failure: never): never {
  throw new Error(`failure without a text: ${JSON.stringify(failure)}`)
}
