import { join } from 'node:path'
import { runPlain } from '../../adapters/holder/child.ts'
import { withCopy } from '../adapters/memory-copy.ts'
import { attribute, textOf } from '../core/hcl.ts'
import { requiredProviders } from '../core/init-needed.ts'
import type { FixedFile } from '../core/lint/fixes.ts'
import type { LintModule, SourceFile } from '../core/lint/module.ts'
import { isSecretsFile } from '../core/terraform-files.ts'
import { needsInit } from './initialised.ts'

/** What `terraform validate` says of code before and after a change. */
type Proof = { kind: 'same' } | { kind: 'unproved'; why: string } | { kind: 'differs'; why: string }

/**
 * Asks `terraform validate` in a copy in memory, before and after: of every module that terraform is started in. Files
 * of secrets are not copied. Where it can't be asked (terraform or a provider is missing), `why` says so.
 */
export async function proveFix(
  folder: string,
  modules: readonly LintModule[],
  files: readonly FixedFile[],
  env: NodeJS.ProcessEnv,
): Promise<Proof> {
  const roots = modules.filter(({ root, code }) => root && code.length > 0)
  const linked: string[] = []
  for (const { folder: at, code } of roots) {
    const init = await needsInit(join(folder, at), env)
    if (!init.ok) return { kind: 'unproved', why: 'the code could not be read' }
    const place = at === '' ? 'this folder' : at
    if (!init.value) linked.push(join(at, '.terraform'))
    else if (requiredProviders(code.map(({ hcl }) => hcl.body)).size > 0)
      return { kind: 'unproved', why: `the providers of ${place} are not installed (terraform init)` }
    else if (code.some(fetchesModules))
      return { kind: 'unproved', why: `the modules of ${place} are not fetched (terraform init)` }
  }
  const paths = modules
    .flatMap(({ code, values, templates }) => [...code, ...values, ...templates])
    .map(({ path }) => path)
    .filter((path) => !isSecretsFile(path))
  const locks = linked.map((path) => path.replace(/\.terraform$/, '.terraform.lock.hcl'))
  return withCopy(folder, paths, [...linked, ...locks], async (copy): Promise<Proof> => {
    const fresh = new Set(
      roots.map(({ folder: at }) => at).filter((at) => !linked.includes(join(at, '.terraform'))),
    )
    const before = await said(copy.folder, roots, fresh, env)
    if (before === undefined) return { kind: 'unproved', why: 'terraform could not be asked' }
    for (const { path, text } of files) await copy.write(path, text)
    const after = await said(copy.folder, roots, fresh, env)
    if (after === undefined) return { kind: 'unproved', why: 'terraform could not be asked' }
    const worse = after.find((line) => !before.includes(line))
    return worse === undefined ? { kind: 'same' } : { kind: 'differs', why: worse }
  })
}

/** Whether code uses a module that is not beside it. */
function fetchesModules({ hcl }: SourceFile): boolean {
  return hcl.body.blocks.some(
    ({ type, body }) => type === 'module' && !/^\.\.?\//.test(textOf(attribute(body, 'source')) ?? ''),
  )
}

/**
 * The errors of all modules, one line each; undefined where terraform gives no answer. `fresh`: those to initialise; of
 * the others `.terraform` is a link to the real one, which must not be written to.
 */
async function said(
  folder: string,
  roots: readonly LintModule[],
  fresh: ReadonlySet<string>,
  all: NodeJS.ProcessEnv,
): Promise<string[] | undefined> {
  const errors: string[] = []
  // Variables such as TF_DATA_DIR would lead out of the copy.
  const env = Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('TF_')))
  for (const { folder: at } of roots) {
    const cwd = join(folder, at)
    if (fresh.has(at))
      await runPlain(['terraform', 'init', '-backend=false', '-input=false', '-no-color'], { cwd, env })
    const ran = await runPlain(['terraform', 'validate', '-json'], { cwd, env })
    if (!ran.ok) return undefined
    const lines = diagnostics(ran.value.stdout.toString('utf8'))
    if (lines === undefined) return undefined
    errors.push(...lines.map((line) => (at === '' ? line : `${at}: ${line}`)))
  }
  return errors
}

function diagnostics(json: string): string[] | undefined {
  try {
    const { diagnostics: all } = JSON.parse(json) as {
      diagnostics?: { severity: string; summary: string; detail?: string }[]
    }
    return all
      ?.filter(({ severity }) => severity === 'error')
      .map(({ summary, detail = '' }) => `${summary}: ${detail.replaceAll(/\s+/g, ' ').slice(0, 200)}`)
  } catch {
    return undefined
  }
}
