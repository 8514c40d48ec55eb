import type { Initialised } from '../app/setup/init.ts'
import { printable, styled } from './output.ts'

/** What a person sees after `init`. */
export function initLines({ config, legacy, placeholders, ignored, vault, next }: Initialised): string[] {
  const vaultWords = { made: 'made', kept: 'there already', later: 'none yet' }[vault.state]
  return [
    `${config.state === 'written' ? 'written' : 'kept   '}  ${printable(config.path)}`,
    ...(legacy ? [`read     ${legacy.path}: ${legacy.secrets} secrets taken over`] : []),
    ...(legacy?.notes.map((note) => `         ${printable(note)}`) ?? []),
    ...placeholders.map((path) => `created  ${printable(path)} (empty; filled only inside a command)`),
    ...ignored.map((line) => `ignored  ${printable(line)} (.gitignore)`),
    `vault    ${printable(vault.path)}: ${vaultWords}`,
    ...(vault.shown.generated
      ? ['', 'Passphrase. It is kept nowhere; write it down now:', `  ${vault.shown.generated}`]
      : []),
    '',
    `next: ${styled('bold', next)}${vault.state === 'made' ? ', then: tazpod pull' : ''}`,
  ]
}
