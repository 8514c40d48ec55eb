import { boolean, integer } from '@oclif/core/flags'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { guessableNames } from '../../src/app/vault/names.ts'
import { changePassphrase } from '../../src/app/vault/passwd.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { callerOf } from '../../src/cli/caller.ts'

const fd = { helpValue: 'N', min: 0, max: 1_048_575 }

export default class VaultPasswd extends TazpodCommand {
  static override summary = 'Put the vault under a new passphrase.'
  static override description =
    'Only identity.age is rewritten. Old copies of it, such as in a backup, still open with the old passphrase.'
  static override examples = [
    '<%= config.bin %> vault passwd',
    {
      command: '<%= config.bin %> vault passwd --recovery',
      description: 'With the recovery key, when the passphrase is lost',
    },
  ]
  static override flags = {
    generate: boolean({
      summary: 'Make up a strong passphrase and show it once.',
      exclusive: ['new-passphrase-fd'],
    }),
    'new-passphrase-fd': integer({ summary: 'Read the new passphrase from this file descriptor.', ...fd }),
    recovery: boolean({ summary: 'Use the recovery key instead of the old passphrase.' }),
    'recovery-key-fd': integer({ summary: 'Read the recovery key from this file descriptor.', ...fd }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(VaultPasswd)
    const { generate, recovery, 'recovery-key-fd': keyFd, 'non-interactive': nonInteractive } = flags
    const access = this.finish(await vaultAccess(callerOf(flags)))
    const passphraseFd = flags['new-passphrase-fd']
    const show = (passphrase: string) => {
      const lines = ['New passphrase. It is kept nowhere; write it down now:', `  ${passphrase}`]
      this.print(flags.json, { passphrase }, lines)
    }
    const done = await changePassphrase(
      access,
      {
        generate,
        generateWith: 'tazpod vault passwd --generate',
        names: guessableNames(process.cwd()),
        nonInteractive,
        passphraseFd,
        say: (line) => this.note(line),
      },
      { show, ...((recovery || keyFd !== undefined) && { recovery: { fd: keyFd } }) },
    )
    this.finish(done)
    this.note('the passphrase of the vault was changed')
  }
}
