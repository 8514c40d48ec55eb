import { boolean, string } from '@oclif/core/flags'
import { passphraseFdFlag } from '../../cli/base-command.ts'
import { errandOf } from '../../cli/errand.ts'
import { printable } from '../../cli/output.ts'
import type { CastleRun } from '../app/terraform.ts'

/** Flags of the commands that run terraform. They need an unlocked session, and keep states in the vault. */
export const runFlags = {
  ...passphraseFdFlag,
  force: boolean({ summary: 'Despite a verbose TF_LOG, or TF_CLI_ARGS.' }),
}

export const destroyFlags = {
  ...runFlags,
  confirm: string({ summary: "The castle's name, from a script.", helpValue: 'NAME' }),
  plan: boolean({ summary: 'Only show what would leave the state.' }),
}

/** Options of a use case from the parsed flags and what stands behind `--`. */
export function runOptions(
  flags: {
    force?: boolean
    json: boolean
    'non-interactive': boolean
    'passphrase-fd'?: number | undefined
    confirm?: string | undefined
    plan?: boolean
  },
  argv: readonly unknown[],
) {
  return {
    ...errandOf(flags),
    json: flags.json,
    force: flags.force === true,
    args: argv.map(String),
    confirmed: flags.confirm,
    dryRun: flags.plan === true,
  }
}

/** The end of a run, for people; terraform itself has said the rest. */
export function runLines({ castle, life, backup, removed, exitCode }: CastleRun): string[] {
  return [
    ...removed.map((address) => `left the state: ${printable(address)}`),
    ...(backup.after > 0 ? [`state in the vault: ${backup.after} bytes, compressed`] : []),
    `castle ${castle} is ${life}${exitCode === 0 ? '' : `; terraform ended with ${exitCode}`}`,
  ]
}
