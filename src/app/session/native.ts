import { hand } from '../../adapters/holder/client.ts'
import { findInstall } from '../../adapters/holder/install.ts'
import { err, type Result } from '../../core/result.ts'

/**
 * Runs a verb that the native binary answers by itself, on this terminal. Node gets here for flags that the binary
 * does not take, and where the sh launcher stands in for it: then there is no native part, and the failure says how
 * to get it. `flags` may hold only what the binary takes: anything else it would hand back to Node, for ever.
 * Returns the exit code.
 */
export function runNativeVerb(
  verb: 'status' | 'lock' | 'shell',
  flags: readonly ('--json' | '--prompt' | '--stop' | '--all')[],
): Promise<Result<number>> {
  return hand([verb, ...flags])
}

/** Why `exec` has reached Node without a request for words: no command, no native part, or flags that it refused. */
export function execRefused(command: string | undefined): Result<never> {
  if (command === undefined)
    return err({ reason: 'usage', message: 'which command?', next: 'tazpod exec -- COMMAND' })
  const { native, binary } = findInstall()
  if (!native) return err({ reason: 'native-missing', path: binary })
  return err({
    reason: 'usage',
    message: 'exec can not take these flags together',
    next: 'tazpod exec --help',
  })
}

/** Why a session has reached Node without its native parent: there is none, or somebody called Node directly. */
export function nativeMissing(): Result<never> {
  return err({ reason: 'native-missing', path: findInstall().binary })
}
