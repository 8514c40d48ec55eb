import { shellWord } from '../../text/shell-word.ts'
import type { ProviderDefinition, ProviderSettings } from '../definition.ts'

/** Secrets from any program that prints one, such as pass, gopass, op or bw. */
export const command = {
  comment: 'secrets come from programs that print them',
  template: () => '',
  describe,
  shows: 'session',
  stores: false,
  setCommand: (name) => `add  { name: ${name}, from: [PROGRAM, ARGUMENT, …] }  under secrets: in tazpod.yaml`,
} as const satisfies ProviderDefinition

/** A rule under `secrets:` with the command that prints its value. */
export interface CommandSource {
  name: string
  from: readonly string[]
}

/** The rules that name a program, in the file's order. */
export function commandSources(secrets: readonly object[]): CommandSource[] {
  return secrets.filter((rule): rule is CommandSource => 'from' in rule && rule.from !== undefined)
}

function describe({ secrets = [] }: ProviderSettings): string[] {
  return commandSources(secrets).map(
    ({ name, from }) => `${name} is what this prints: ${from.map(shellWord).join(' ')}`,
  )
}
