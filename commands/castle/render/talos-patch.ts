import { boolean, string } from '@oclif/core/flags'
import { castleHere } from '../../../src/castle/app/access.ts'
import { handOver, renderTalosPatch } from '../../../src/castle/app/render.ts'
import { printRendered, renderFlags } from '../../../src/castle/cli/rendered.ts'
import { passphraseFdFlag, TazpodCommand } from '../../../src/cli/base-command.ts'
import { errandOf } from '../../../src/cli/errand.ts'

export default class RenderTalosPatch extends TazpodCommand {
  static override summary = 'Write the machine-config patch with the secretbox key.'
  static override description =
    'For a new cluster only: on a living one another key makes every Secret unreadable. The key goes into a pipe, never onto a terminal or into a file; up to Talos 1.13 it is a field, from 1.14 on a document. --hcl writes machine_secrets for Terraform, the same for every version, which refers to a variable.'
  static override usage = 'castle render talos-patch [--talos-version V] [--hcl] [--force]'
  static override examples = ['tazpod castle render talos-patch | talosctl patch mc --patch @/dev/stdin']
  static override flags = {
    ...passphraseFdFlag,
    hcl: boolean({ summary: 'Write the Terraform argument instead; it holds no secret.' }),
    'talos-version': string({ summary: 'Version of Talos; that of terraform.tfvars.', helpValue: 'V' }),
    force: renderFlags.force,
    'passphrase-fd': renderFlags['passphrase-fd'],
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(RenderTalosPatch)
    const rendered = this.finish(
      await renderTalosPatch(this.finish(await castleHere(errandOf(flags))), {
        hcl: flags.hcl,
        version: flags['talos-version'],
      }),
    )
    const how = { apply: false, force: flags.force, cwd: process.cwd() }
    printRendered(this.finish(await handOver(rendered, how)), flags.json)
  }
}
