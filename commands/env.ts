import { boolean } from '@oclif/core/flags'
import { type CommandEnv, commandEnv } from '../src/app/session/env.ts'
import { textArgument } from '../src/cli/arguments.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'
import { callerOf } from '../src/cli/caller.ts'
import { shellQuoted } from '../src/cli/output.ts'

export default class Env extends TazpodCommand {
  static override summary = 'Show the variables that a command would get, as shell lines.'
  static override description =
    'Paths only. They lead somewhere only inside a command that tazpod started. Secret values are left out unless --values asks for them, which is refused on a terminal.'
  static override examples = ['<%= config.bin %> env terraform', '<%= config.bin %> env kubectl --json']
  static override args = {
    command: textArgument({
      description: 'The command (default: every one that is not listed).',
      default: '*',
    }),
  }
  static override flags = {
    ...passphraseFdFlag,
    values: boolean({ summary: 'Secret values too; never to a terminal.' }),
  }

  override async run(): Promise<void> {
    const { flags, args } = await this.parse(Env)
    const options = { command: args.command, values: flags.values, toTerminal: process.stdout.isTTY === true }
    const found = this.finish(await commandEnv(callerOf(flags), options))
    this.print(flags.json, found, shellLines(found))
    if (flags.json) return
    const left = found.values.filter(({ value }) => value === undefined)
    if (left.length > 0) this.note(`left out, they hold values: ${left.map(({ name }) => name).join(', ')}`)
    if (found.missing.length > 0)
      this.note(`missing: ${found.missing.join(', ')} (next: tazpod pull, which says how to store it)`)
  }
}

function shellLines({ variables, values }: CommandEnv): string[] {
  const held = values.flatMap(({ name, value }) =>
    value === undefined ? [] : [{ name, value, onlyIfUnset: false }],
  )
  return [...variables, ...held].map(({ name, value, onlyIfUnset }) => {
    const line = `export ${name}=${shellQuoted(value)}`
    return onlyIfUnset ? `[ -n "\${${name}+x}" ] || ${line}` : line
  })
}
