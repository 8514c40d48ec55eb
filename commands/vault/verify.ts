import { vaultAccess } from '../../src/app/vault/access.ts'
import { type Verified, verifyVault } from '../../src/app/vault/history.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { callerOf } from '../../src/cli/caller.ts'
import { table } from '../../src/cli/table.ts'

export default class VaultVerify extends TazpodCommand {
  static override summary = 'Say whether the vault and its generations are whole.'
  static override description = 'Opens each of them and changes nothing. Exit code 65 when one does not open.'
  static override examples = ['<%= config.bin %> vault verify']
  static override flags = { ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { flags } = await this.parse(VaultVerify)
    const access = this.finish(await vaultAccess(callerOf(flags)))
    const { files, exitCode } = this.finish(await verifyVault(access))
    const human = table(['state', 'generation', 'secrets', 'file'], files.map(row), {
      tone: (i) => (files[i]?.ok ? 'green' : 'red'),
    })
    this.print(flags.json, { ok: exitCode === 0, files }, human)
    process.exitCode = exitCode
  }
}

function row(one: Verified): string[] {
  const state = one.ok ? '✓ whole' : '✗ BAD'
  return [state, String(one.generation ?? '?'), String(one.secrets ?? '?'), one.why ?? one.path]
}
