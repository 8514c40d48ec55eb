import type { AfterChange } from '../app/session/after-change.ts'
import { definitionOf, setCommand } from '../core/provider/registry.ts'
import { printable } from './output.ts'
import { namingLines } from './words.ts'

/** Remarks after a change of the vault, for stderr. */
export function afterChangeLines({ unused: [name, ...more], provider, unlocked }: AfterChange): string[] {
  if (name === undefined)
    return unlocked ? ['unlocked since before this change: commands get it after tazpod pull'] : []
  const what = more.length === 0 ? printable(name) : `${printable(name)} and ${more.length} more`
  if (definitionOf(provider).shows === 'vault')
    return [`no command here gets ${what} yet`, ...namingLines(name)]
  return [
    `no command here gets ${what}: this project has its secrets from ${provider}`,
    `  next: ${setCommand(provider, printable(name))}`,
  ]
}
