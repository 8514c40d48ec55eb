import { string } from '@oclif/core/flags'
import { checkEso } from '../../../src/castle/app/check-eso.ts'
import { manifestLines } from '../../../src/castle/cli/manifest.ts'
import { textArgument } from '../../../src/cli/arguments.ts'
import { TazpodCommand } from '../../../src/cli/base-command.ts'

export default class CheckEso extends TazpodCommand {
  static override summary = 'Check manifests of External Secrets against the installed CRD.'
  static override description =
    'Finds fields that this version would drop without a word, an apiVersion that is not served, and selectors that lead nowhere. Without files it checks the store that this castle would get. Exit code 65 when something is wrong.'
  static override examples = ['tazpod castle check eso --crd crd.yaml store.yaml']
  static override strict = false
  static override args = { file: textArgument({ description: 'Manifests.' }) }
  static override flags = {
    crd: string({
      required: true,
      summary: 'CRDs, as kubectl get crd -o yaml prints them.',
      helpValue: 'FILE',
    }),
  }

  override async run(): Promise<void> {
    const { flags, argv } = await this.parse(CheckEso)
    const { files, exitCode } = this.finish(await checkEso(flags.crd, argv.map(String), process.cwd()))
    this.print(flags.json, { files }, files.flatMap(manifestLines))
    process.exitCode = exitCode
  }
}
