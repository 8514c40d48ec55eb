import { shellWord } from '../text/shell-word.ts'
import type { BindRule } from './model.ts'

/**
 * The command that takes the clear text of a bind's target into the vault and leaves an empty file, to be copied
 * into a shell. Formats that the import can't take apart go in as one secret.
 */
export function importCommand({ path, format, values }: BindRule): string {
  const file = shellWord(path.startsWith('-') ? `./${path}` : path)
  if (format !== 'tfvars' && format !== 'raw') return `tazpod vault import ${file} --format ${format} --empty`
  const [first] = values
  const own = format === 'raw' && first !== undefined && 'secret' in first ? first.secret : undefined
  const name =
    own ??
    path
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^(?=\d)/, '_')
      .toUpperCase()
      .slice(0, 128)
  return `tazpod vault import ${file} --as ${name} --empty`
}
