import { dirname, join } from 'node:path'
import { ignoredOf, inWorkTree } from '../../adapters/files/git.ts'
import { addIgnored } from '../../adapters/files/project-writer.ts'
import { ok, type Result } from '../../core/result.ts'
import { writeText } from '../adapters/files.ts'
import type { Finding } from '../core/lint/finding.ts'
import { type FixedFile, fixModule } from '../core/lint/fixes.ts'
import type { LintModule } from '../core/lint/module.ts'
import { proveFix } from './lint-proof.ts'

interface Repaired {
  count: number
  /** What was not done, or could not be proved, and why. */
  notes: string[]
}

/**
 * Does what can be done without a decision, if terraform says the same of the code before and after. A literal moves
 * into terraform.tfvars only where terraform reads that file, and git keeps it. Failures: io, unsafe-file.
 */
export async function repair(
  folder: string,
  modules: readonly LintModule[],
  findings: readonly Finding[],
  env: NodeJS.ProcessEnv,
): Promise<Result<Repaired>> {
  const notes: string[] = []
  let count = 0
  const files: FixedFile[] = []
  for (const module of modules) {
    const why = await keepsLiterals(folder, module)
    const mine = findings.filter(({ file }) =>
      [...module.code, ...module.values].some(({ path }) => path === file),
    )
    const literals = mine.filter(({ fix }) => fix?.kind === 'extract').length
    if (why !== undefined && literals > 0)
      notes.push(
        `${placeOf(module)}: ${literals === 1 ? '1 literal stays' : `${literals} literals stay`} in the code: ${why}`,
      )
    const wanted = why === undefined ? mine : mine.filter(({ fix }) => fix?.kind !== 'extract')
    const fixed = fixModule(module, wanted)
    files.push(...fixed.files)
    count += fixed.fixed
  }
  if (files.length > 0) {
    const proof = await proveFix(folder, modules, files, env)
    if (proof.kind === 'differs') {
      notes.push(`nothing was changed: afterwards terraform would say "${proof.why}"`)
      return ok({ count: 0, notes })
    }
    if (proof.kind === 'unproved') notes.push(`not proved with terraform validate: ${proof.why}`)
  }
  for (const { path, text } of files) {
    const written = await writeText(join(folder, path), Buffer.from(text))
    if (!written.ok) return written
  }
  for (const { file, fix } of findings) {
    if (fix?.kind !== 'ignore') continue
    const added = await addIgnored(join(folder, dirname(file)), [fix.line])
    if (!added.ok) return added
    count += added.value.length
  }
  return ok({ count, notes })
}

function placeOf({ folder }: LintModule): string {
  return folder === '' ? 'this folder' : folder
}

/** Why a literal can not move into terraform.tfvars of this module; undefined: it can. */
async function keepsLiterals(folder: string, { folder: at, root }: LintModule): Promise<string | undefined> {
  if (!root)
    return 'terraform is not started here (no backend, no provider, no values), so it would never read a terraform.tfvars; make them variables of the module'
  const path = join(at, 'terraform.tfvars')
  if ((await inWorkTree(folder)) && (await ignoredOf(folder, [path])).has(path))
    return `git ignores ${path}, and the values would leave it in silence; take it out of .gitignore`
  return undefined
}
