import { dirname, join } from 'node:path'
import { type FoundFile, filesBelow } from '../../adapters/files/code-files.ts'
import { ignoredOf, inWorkTree, trackedFiles } from '../../adapters/files/git.ts'
import { loadProject } from '../../app/project/project.ts'
import { EXIT } from '../../core/failure/exit.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { readText } from '../adapters/files.ts'
import { terraformReader } from '../adapters/hcl.ts'
import { checkModules } from '../core/lint/check.ts'
import { fileFindings, isGuarded } from '../core/lint/files.ts'
import { byPlace, type Finding } from '../core/lint/finding.ts'
import type { LintModule, SourceFile } from '../core/lint/module.ts'
import { sarif } from '../core/lint/sarif.ts'
import { isTemplate, terraformFileKind } from '../core/terraform-files.ts'
import { repair } from './lint-fix.ts'

export interface Linted {
  folder: string
  files: number
  findings: Finding[]
  /** What `--fix` did. */
  fixed: number
  /** What it did not do, and why. */
  notes: string[]
  exitCode: number
}

/**
 * Checks the Terraform code below a folder; with `fix` it repairs what can be repaired without a decision and checks
 * again. Failures: castle-data (no Terraform code there), unsafe-file, too-large, io, config-invalid.
 */
export async function lint(folder: string, fix: boolean, env: NodeJS.ProcessEnv): Promise<Result<Linted>> {
  const checked = await check(folder)
  if (!checked.ok || !fix) return checked
  const fixed = await repair(folder, checked.value.modules, checked.value.findings, env)
  if (!fixed.ok) return fixed
  const again = await check(folder)
  return again.ok ? ok({ ...again.value, fixed: fixed.value.count, notes: fixed.value.notes }) : again
}

export function asSarif(linted: Linted, version: string): unknown {
  return sarif(linted.findings, version)
}

type Checked = Linted & { modules: LintModule[] }

async function check(folder: string): Promise<Result<Checked>> {
  const found = await filesBelow(folder)
  const modules = await readModules(folder, found)
  if (!modules.ok) return modules
  const guarded = await guardedFiles(folder, found)
  const code = modules.value.flatMap((module) => module.code)
  if (code.length === 0 && guarded.files.length === 0)
    return err({ reason: 'castle-data', what: folder, why: 'holds no Terraform code (*.tf, *.tf.json)' })
  const findings = [
    ...checkModules(modules.value, new Date().toISOString().slice(0, 10)),
    ...fileFindings(guarded.files, guarded.inGit),
  ].sort(byPlace)
  const exitCode = findings.some(({ severity }) => severity === 'error') ? EXIT.data : 0
  return ok({ folder, files: code.length, findings, fixed: 0, notes: [], exitCode, modules: modules.value })
}

async function guardedFiles(folder: string, found: readonly FoundFile[]) {
  const inGit = await inWorkTree(folder)
  const tracked = new Set(inGit ? await trackedFiles(folder) : [])
  const sizes = new Map(found.map(({ path, size }) => [path, size]))
  const paths = [...new Set([...found.map(({ path }) => path), ...tracked])].filter(isGuarded)
  const ignored = inGit ? await ignoredOf(folder, paths) : new Set<string>()
  const files = paths.map((path) => ({
    path,
    size: sizes.get(path),
    tracked: tracked.has(path),
    ignored: ignored.has(path),
  }))
  return { inGit, files }
}

async function readModules(folder: string, found: readonly FoundFile[]): Promise<Result<LintModule[]>> {
  const read = await terraformReader()
  const byFolder = new Map<string, Pick<LintModule, 'code' | 'values' | 'templates'>>()
  for (const file of found) {
    const kind = terraformFileKind(file.path)
    if (kind === undefined && !isTemplate(file.path)) continue
    const bytes = await readText(join(folder, file.path))
    if (!bytes.ok) return bytes
    if (bytes.value === undefined) continue // a link that leads nowhere
    const text = bytes.value.toString('utf8')
    const json = file.path.endsWith('.json')
    const at = dirname(file.path) === '.' ? '' : dirname(file.path)
    const module = byFolder.get(at) ?? { code: [], values: [], templates: [] }
    byFolder.set(at, module)
    if (kind === undefined) {
      module.templates.push({ path: file.path, text })
      continue
    }
    const hcl = read(file.path, text)
    // A mark at the start of the file is not counted by the parser: the text it saw is the one that is edited.
    module[kind].push({ path: file.path, text: text.replace(/^\uFEFF/, ''), hcl, json, linked: file.link })
  }
  const modules: LintModule[] = []
  for (const [at, module] of byFolder) {
    if (module.code.length + module.templates.length === 0) continue
    const bound = await boundVariables(join(folder, at))
    if (!bound.ok) return bound
    const root = module.values.length > 0 || bound.value.size > 0 || module.code.some(startsHere)
    modules.push({ folder: at, ...module, bound: bound.value, root })
  }
  return ok(modules)
}

/** A module that others use has neither a backend nor a provider of its own. */
function startsHere({ hcl }: SourceFile): boolean {
  return hcl.body.blocks.some(
    ({ type, body }) =>
      type === 'provider' ||
      (type === 'terraform' && body.blocks.some((inner) => ['backend', 'cloud'].includes(inner.type))),
  )
}

/** What tazpod.yaml binds into this folder. */
async function boundVariables(folder: string): Promise<Result<Set<string>>> {
  const project = await loadProject(folder)
  if (!project.ok) return project
  const { value } = project
  const names = new Set<string>()
  for (const bind of value?.config.binds ?? [])
    if (bind.format === 'tfvars' && join(value?.root ?? '', dirname(bind.path)) === folder)
      for (const { key } of bind.values) names.add(key)
  return ok(names)
}
