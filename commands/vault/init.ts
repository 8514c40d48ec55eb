import { boolean } from '@oclif/core/flags'
import { vaultHere } from '../../src/app/vault/access.ts'
import { initVault } from '../../src/app/vault/init.ts'
import { guessableNames } from '../../src/app/vault/names.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'

export default class VaultInit extends TazpodCommand {
  static override summary = 'Make a new vault under a passphrase. Never replaces one.'
  static override description =
    'Two age files in ~/.local/share/tazpod, or where tazpod.yaml says. The passphrase is kept nowhere: without it and without a recovery key nobody opens the vault again.'
  static override examples = [
    {
      command: '<%= config.bin %> vault init --recovery',
      description: 'With a second key, to be kept on paper',
    },
    '<%= config.bin %> vault init --generate',
  ]
  static override flags = {
    generate: boolean({
      summary: 'Make up a strong passphrase and show it once.',
      exclusive: ['passphrase-fd'],
    }),
    recovery: boolean({
      summary: 'Make a recovery key as well and show it once: keep it on paper, elsewhere.',
    }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(VaultInit)
    const { generate, recovery, 'non-interactive': nonInteractive, 'passphrase-fd': passphraseFd } = flags
    const place = this.finish(await vaultHere(process.env))
    const made = this.finish(
      await initVault(place, {
        generate,
        generateWith: 'tazpod vault init --generate',
        names: guessableNames(process.cwd()),
        nonInteractive,
        passphraseFd,
        recovery,
        say: (line) => this.note(line),
      }),
    )
    const human = [`made ${place.vault}`]
    if (made.generated)
      human.push('', 'Passphrase. It is kept nowhere; write it down now:', `  ${made.generated}`)
    if (made.recoveryKey) {
      human.push('', 'Recovery key. It opens the vault without the passphrase and is kept nowhere:')
      human.push(`  ${made.recoveryKey}`)
    }
    const json = { vault: place.vault, passphrase: made.generated, recoveryKey: made.recoveryKey }
    this.print(flags.json, json, human)
  }
}
