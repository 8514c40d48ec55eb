import { string } from '@oclif/core/flags'
import { castleHere } from '../../../src/castle/app/access.ts'
import { handOver, renderExternalSecret } from '../../../src/castle/app/render.ts'
import { printRendered, renderFlags } from '../../../src/castle/cli/rendered.ts'
import { textArgument } from '../../../src/cli/arguments.ts'
import { passphraseFdFlag, TazpodCommand } from '../../../src/cli/base-command.ts'
import { errandOf } from '../../../src/cli/errand.ts'

export default class RenderExternalSecret extends TazpodCommand {
  static override summary = 'Write an ExternalSecret for names that exist.'
  static override description =
    'Holds names only, so commit it. Each key is looked up first in the folder that External Secrets reads; secrets of the infrastructure are refused. External Secrets polls at the refresh interval; the result is an ordinary Secret in etcd.'
  static override usage = 'castle render external-secret NAME --namespace NS --key KEY…'
  static override examples = [
    '<%= config.bin %> castle render external-secret app --namespace app --key DB_PASSWORD',
  ]
  static override args = {
    name: textArgument({ required: true, description: 'Name of the Secret in the cluster.' }),
  }
  static override flags = {
    ...passphraseFdFlag,
    namespace: string({ required: true, summary: 'Namespace of the Secret.' }),
    key: string({ required: true, multiple: true, multipleNonGreedy: true, summary: 'A name in the store.' }),
    refresh: string({ default: '1h', summary: 'How often External Secrets looks.' }),
    'eso-version': string({ summary: 'Version of External Secrets.', helpValue: 'V' }),
    ...renderFlags,
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RenderExternalSecret)
    const { namespace, key: keys, refresh, 'eso-version': version } = flags
    const open = this.finish(await castleHere(errandOf(flags)))
    const options = { version, name: args.name, namespace, keys, refresh }
    const rendered = this.finish(await renderExternalSecret(open, process.env, options))
    const how = { apply: flags.apply === true, force: flags.force, cwd: process.cwd() }
    printRendered(this.finish(await handOver(rendered, how)), flags.json)
  }
}
