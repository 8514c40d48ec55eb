import { boolean, integer, string } from '@oclif/core/flags'
import { knownIdentities, logIn } from '../src/app/provider/infisical/login.ts'
import { vaultAccess } from '../src/app/vault/access.ts'
import { textArgument } from '../src/cli/arguments.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'
import { callerOf } from '../src/cli/caller.ts'
import { identityLines, loginLines } from '../src/cli/login-lines.ts'
import { lazyProgress } from '../src/cli/progress.ts'

export default class Login extends TazpodCommand {
  static override summary = 'Keep a machine identity of Infisical, proved by a real login.'
  static override description =
    'Universal Auth: a client id and a client secret, made in Infisical under Access Control → Machine Identities. What is not given is asked for. The server belongs to the identity: a project file can not send it elsewhere.'
  static override examples = [
    '<%= config.bin %> login',
    '<%= config.bin %> login work --host https://infisical.example.com --ca company-ca.pem',
    {
      command: '<%= config.bin %> login --client-id ID --client-secret-fd 3 3< secret.txt',
      description: 'In a script',
    },
    '<%= config.bin %> login --show',
  ]
  static override args = {
    name: textArgument({ default: 'default', description: 'What the vault calls it.' }),
  }
  static override flags = {
    host: string({ summary: 'The server; the EU cloud unless said otherwise.', helpValue: 'URL' }),
    'client-id': string({ summary: 'Asked for otherwise.', helpValue: 'ID' }),
    'client-secret-fd': integer({
      summary: 'Read the client secret from this file descriptor.',
      helpValue: 'N',
      min: 0,
      max: 1_048_575,
    }),
    organization: string({ summary: 'Slug of a sub-organisation.', helpValue: 'SLUG' }),
    ca: string({ summary: 'Trust only this authority for the server.', helpValue: 'FILE' }),
    show: boolean({ summary: 'List the identities of the vault, without secrets.' }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Login)
    const access = this.finish(await vaultAccess(callerOf(flags)))
    if (flags.show) {
      const list = this.finish(await knownIdentities(access))
      return this.print(flags.json, { identities: list }, identityLines(list))
    }
    const line = lazyProgress('infisical')
    const { host, 'client-id': clientId, 'client-secret-fd': clientSecretFd, organization, ca } = flags
    const given = { name: args.name, host, clientId, clientSecretFd, organization, ca }
    const done = await logIn(access, { ...given, env: process.env, progress: line.update }).finally(line.done)
    const loggedIn = this.finish(done)
    this.print(flags.json, loggedIn, loginLines(loggedIn))
  }
}
