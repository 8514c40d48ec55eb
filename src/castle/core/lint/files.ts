import { isSecretsFile } from '../terraform-files.ts'
import { type Finding, finding } from './finding.ts'

/** A file that must not be in git, as git and the disk see it. */
interface GuardedFile {
  /** Relative to the folder that is checked. */
  path: string
  /** Bytes; undefined: not there any more, but tracked. */
  size: number | undefined
  tracked: boolean
  ignored: boolean
}

/** Files that are dangerous by being there, whatever they hold. Their content is never looked at. */
export function fileFindings(files: readonly GuardedFile[], inGit: boolean): Finding[] {
  return files.flatMap(({ path, size, tracked, ignored }) => {
    const at = { line: 1, column: 1 }
    const found: Finding[] = []
    const say = (...[rule, words, help, fix]: [Finding['rule'], string, string, Finding['fix']?]) =>
      found.push(finding(rule, 'error', path, at, words, help, fix))
    if (!isSecretsFile(path)) {
      if (tracked)
        say(
          'state-tracked',
          'the state holds every secret in clear text',
          `git rm --cached ${path}, then rotate`,
        )
      return found
    }
    if (tracked)
      say(
        'secrets-file-tracked',
        'git keeps it for ever',
        `git rm --cached ${path}, then rotate what it held`,
      )
    else if (inGit && !ignored) {
      const name = path.slice(path.lastIndexOf('/') + 1)
      say('secrets-file-not-ignored', 'the next git add takes it', 'add it to .gitignore', {
        kind: 'ignore',
        line: `/${name}`,
      })
    }
    if (size !== undefined && size > 0)
      say(
        'secrets-file-not-empty',
        'it holds clear text on the disk',
        `tazpod vault import ${path} --empty, and bind the values in tazpod.yaml`,
      )
    return found
  })
}

/** Names of files that these rules look at. */
export function isGuarded(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return isSecretsFile(path) || /\.tfstate(\.[^/]+)?$/.test(name) || name === 'errored.tfstate'
}
