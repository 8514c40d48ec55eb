import { type Finding, finding } from './finding.ts'
import type { LintModule } from './module.ts'
import { secretIn } from './secret-values.ts'

/** Secrets in templates, line by line: `key: value`, `key = "value"`, `KEY=value`. What is put in later is none. */
export function templateFindings({ templates }: LintModule): Finding[] {
  return templates.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const [, name = '', value = line] =
        /^\s*-?\s*["']?([A-Za-z][\w.-]*)["']?\s*[:=]\s*["']?(.*?)["',]*\s*$/.exec(line) ?? []
      if (value.includes('${') || value.includes('%{') || secretIn(name, value) === undefined) return []
      const at = { line: index + 1, column: Math.max(0, line.indexOf(value)) + 1 }
      const words = `${name === '' ? 'a line' : name} holds something that looks like a secret`
      return [finding('literal-token', 'error', path, at, words, ROTATE)]
    }),
  )
}

/** What becomes of a value that was committed. */
export const ROTATE = 'rotate it, keep the new one with tazpod vault set, and bind it to a sensitive variable'
