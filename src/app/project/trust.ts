import { writeNames } from '../../adapters/files/names-file.ts'
import { userPaths } from '../../adapters/files/paths.ts'
import { addTrusted, readTrusted } from '../../adapters/files/trust-store.ts'
import { confirm, hasTerminal, showOnTerminal } from '../../adapters/terminal/terminal.ts'
import { type GrantRow, grantTable } from '../../core/grant/grants.ts'
import { secretNames } from '../../core/grant/named-secrets.ts'
import { grantLine, settingLines, warningLines } from '../../core/project/trust-terms.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Project } from './project.ts'

/** What a person agrees to when they trust a project file. */
export interface TrustView {
  /** Absolute path of tazpod.yaml. */
  file: string
  state: 'trusted' | 'new' | 'changed'
  grants: GrantRow[]
  /** Where the secrets come from and how long they stay. */
  settings: string[]
  /** What deserves a second look. */
  warnings: string[]
  /** Against what was trusted last; both empty for a new file. */
  added: string[]
  removed: string[]
}

/** What the file of this project grants, and whether exactly this content was trusted here before. */
export async function trustView(env: NodeJS.ProcessEnv, project: Project): Promise<Result<TrustView>> {
  const { file, config } = project
  const known = await readTrusted(userPaths(env), file.path)
  if (!known.ok) return known
  const folder = { dev: String(file.folder.dev), ino: String(file.folder.ino) }
  const here = known.value.filter((t) => t.dev === folder.dev && t.ino === folder.ino)
  const trusted = here.some((t) => t.sha256 === file.sha256)
  const lines = linesOf(project)
  const last = here[0]?.grants
  const [added, removed] = last && !trusted ? [without(lines, last), without(last, lines)] : [[], []]
  const state = trusted ? 'trusted' : last ? 'changed' : 'new'
  return ok({
    file: file.path,
    state,
    grants: grantTable(config),
    settings: settingLines(config),
    warnings: warningLines(config),
    added,
    removed,
  })
}

/** Remembers this very content as trusted, and its names for completion. Failures: those of private files. */
export async function rememberTrust(env: NodeJS.ProcessEnv, project: Project): Promise<Result<void>> {
  const { file, config } = project
  const binds = config.binds.map(({ path }) => path)
  const named = await writeNames(userPaths(env), file.folder, { secrets: secretNames(config), binds })
  if (!named.ok) return named
  return addTrusted(userPaths(env), file.path, {
    sha256: file.sha256,
    dev: String(file.folder.dev),
    ino: String(file.folder.ino),
    at: new Date().toISOString(),
    grants: linesOf(project),
  })
}

export interface TrustOptions {
  /** Agree without being asked. */
  yes: boolean
  nonInteractive: boolean
  /** The words that a person reads before they decide. */
  render: (view: TrustView) => string[]
}

/**
 * Lets nothing happen with a project file that was not agreed to: shows what it grants on the terminal and asks,
 * once for each content. Returns whether it was trusted already.
 * Failures: trust-needed where nobody can be asked, trust-refused, interrupted, and those of private files.
 */
export async function requireTrust(
  env: NodeJS.ProcessEnv,
  project: Project,
  options: TrustOptions,
): Promise<Result<'already' | 'now'>> {
  const view = await trustView(env, project)
  if (!view.ok) return view
  if (view.value.state === 'trusted') return ok('already')
  if (!options.yes) {
    if (options.nonInteractive || !hasTerminal())
      return err({ reason: 'trust-needed', file: view.value.file })
    showOnTerminal(`${options.render(view.value).join('\n')}\n`)
    const agreed = await confirm('Trust it?')
    if (!agreed.ok) return agreed
    if (!agreed.value) return err({ reason: 'trust-refused', file: view.value.file })
  }
  const done = await rememberTrust(env, project)
  return done.ok ? ok('now') : done
}

function linesOf({ config }: Project): string[] {
  return [...settingLines(config), ...warningLines(config), ...grantTable(config).map(grantLine)]
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others)
  return lines.filter((line) => !known.has(line))
}
