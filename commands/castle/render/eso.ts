import { boolean, option, string } from '@oclif/core/flags'
import { castleHere } from '../../../src/castle/app/access.ts'
import { handOver, renderEso } from '../../../src/castle/app/render.ts'
import { printRendered, renderFlags } from '../../../src/castle/cli/rendered.ts'
import { passphraseFdFlag, TazpodCommand } from '../../../src/cli/base-command.ts'
import { errandOf } from '../../../src/cli/errand.ts'

export default class RenderEso extends TazpodCommand {
  static override summary = 'Write identity Secret and ClusterSecretStore of External Secrets.'
  static override description =
    'With the apiVersion and only the fields that the given version knows (0.9.20 to 2.x). The identity goes into a pipe or straight into kubectl; it becomes an ordinary Secret in etcd. Version, folder and namespaces are those of terraform.tfvars unless they are given; the folder of the infrastructure is refused.'
  static override examples = [
    '<%= config.bin %> castle render eso --apply',
    '<%= config.bin %> castle render eso --eso-version 0.10.3 --only store',
  ]
  static override flags = {
    ...passphraseFdFlag,
    'eso-version': string({ summary: 'Version of External Secrets.', helpValue: 'V' }),
    only: option({ options: ['identity', 'store'] as const, summary: 'Only one of the two.' })(),
    path: string({ summary: 'Folder that the store reads.', helpValue: '/FOLDER' }),
    allow: string({
      summary: 'Namespace that may use the store; may be repeated.',
      helpValue: 'NAMESPACE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    namespace: string({ default: 'external-secrets', summary: 'Namespace of the identity Secret.' }),
    recursive: boolean({ summary: 'Read folders below, too (since 0.10.5).' }),
    organization: string({ summary: 'Slug of the organisation (since 2.7.0).' }),
    'ca-secret': string({ summary: 'Secret whose ca.crt is trusted (since 1.2.1).', helpValue: 'NAME' }),
    ...renderFlags,
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(RenderEso)
    const rendered = this.finish(
      await renderEso(this.finish(await castleHere(errandOf(flags))), {
        version: flags['eso-version'],
        parts: flags.only === undefined ? ['identity', 'store'] : [flags.only],
        path: flags.path,
        allow: flags.allow,
        namespace: flags.namespace,
        recursive: flags.recursive === true,
        organization: flags.organization,
        caSecret: flags['ca-secret'],
      }),
    )
    const how = { apply: flags.apply === true, force: flags.force, cwd: process.cwd() }
    printRendered(this.finish(await handOver(rendered, how)), flags.json)
  }
}
