import { logOut } from '../src/app/provider/infisical/logout.ts'
import { vaultAccess } from '../src/app/vault/access.ts'
import { textArgument } from '../src/cli/arguments.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'
import { callerOf } from '../src/cli/caller.ts'
import { logoutLines } from '../src/cli/login-lines.ts'

export default class Logout extends TazpodCommand {
  static override summary = 'Take a machine identity out of the vault and end its session.'
  static override description =
    'Locks this project if it was unlocked with that identity. The client secret itself stays valid at the server, and in earlier generations of the vault: revoke it in Infisical to end it for good.'
  static override examples = ['<%= config.bin %> logout', '<%= config.bin %> logout work']
  static override args = {
    name: textArgument({ default: 'default', description: 'As `login --show` lists it.' }),
  }
  static override flags = { ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Logout)
    const access = this.finish(await vaultAccess(callerOf(flags)))
    const done = this.finish(await logOut(access, args.name, process.env))
    this.print(flags.json, done, logoutLines(done))
  }
}
