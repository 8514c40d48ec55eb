import { afterChange } from '../../src/app/session/after-change.ts'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { newValue, remarksOn, setSecrets, withoutLineEnd } from '../../src/app/vault/secrets.ts'
import { afterChangeLines } from '../../src/cli/after-change-lines.ts'
import { textArgument } from '../../src/cli/arguments.ts'
import { forceFlag, passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { callerOf } from '../../src/cli/caller.ts'

export default class VaultSet extends TazpodCommand {
  static override summary = 'Keep a secret in the vault.'
  static override description =
    'The value comes from standard input, byte for byte, at most 1 MiB; on a terminal it is asked for, hidden. Of a key or token that is known by its form the newline behind it is left out, and that is said. It is never an argument, because arguments show in the process list and the shell history.'
  static override examples = [
    '<%= config.bin %> vault set DEPLOY_KEY < key.pem',
    'printf %s "$TOKEN" | tazpod vault set TOKEN',
  ]
  static override args = { name: textArgument({ required: true, description: 'Letters, digits and _.' }) }
  static override flags = { force: forceFlag, ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(VaultSet)
    const access = this.finish(await vaultAccess(callerOf(flags)))
    const given = this.finish(await newValue(access, args.name))
    const { value, remark } = withoutLineEnd(given)
    const size = value.length
    const remarks = [remark ?? [], remarksOn(args.name, value)].flat()
    const changed = await setSecrets(access, new Map([[args.name, value]]), flags.force).finally(() =>
      given.fill(0),
    )
    const { added, replaced } = this.finish(changed)
    const what = added.length > 0 ? 'added' : replaced.length > 0 ? 'replaced' : 'unchanged'
    this.print(flags.json, { name: args.name, size, change: what }, `${args.name}: ${what}, ${size} bytes`)
    for (const remark of remarks) this.note(remark)
    if (what === 'unchanged') return
    for (const line of afterChangeLines(await afterChange(process.cwd(), added))) this.note(line)
  }
}
