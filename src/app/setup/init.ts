import { join } from 'node:path'
import { userPaths } from '../../adapters/files/paths.ts'
import { CONFIG_NAME } from '../../adapters/files/project-files.ts'
import { addIgnored, somethingAt, writeConfig } from '../../adapters/files/project-writer.ts'
import { hasTerminal } from '../../adapters/terminal/terminal.ts'
import { exists } from '../../adapters/vault/vault-files.ts'
import { ignoreLines } from '../../core/project/gitignore.ts'
import type { LegacySecrets } from '../../core/project/legacy.ts'
import { configTemplate } from '../../core/project/template.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { readLegacy } from '../project/legacy.ts'
import { absentPlaceholders, createPlaceholders, requireOutOfGit } from '../project/placeholders.ts'
import { loadProject, type Project } from '../project/project.ts'
import { rememberTrust, trustView } from '../project/trust.ts'
import type { Caller } from '../session/caller.ts'
import { initVault, type NewVault } from '../vault/init.ts'
import { guessableNames } from '../vault/names.ts'
import { vaultPlace } from '../vault/place.ts'

/** The project is made in the folder of the caller. */
interface InitOptions extends Caller {
  /** Replace an existing tazpod.yaml. */
  force: boolean
  /** Give the project a vault of its own, in `.tazpod/`. */
  ownVault: boolean
}

/** What `init` did. Everything that was there already is named as such. */
export interface Initialised {
  config: { path: string; state: 'written' | 'kept' }
  /** File of the original TazPod that was read; null when there is none. */
  legacy: { path: string; secrets: number; notes: string[] } | null
  placeholders: string[]
  ignored: string[]
  /** `later`: nobody could be asked for a passphrase. */
  vault: { path: string; state: 'made' | 'kept' | 'later'; shown: NewVault }
  next: string
}

/**
 * Sets up a project: tazpod.yaml, placeholders, .gitignore lines and a vault where there is none. A file that exists
 * is kept, and only a file that was written here, from nothing of the folder, is trusted. The passphrase is asked for before anything is written.
 * Failures: clear-text, unsafe-file, and those of the project file, the vault and passphrases.
 */
export async function init(options: InitOptions): Promise<Result<Initialised>> {
  const path = join(options.cwd, CONFIG_NAME)
  const there = await somethingAt(path)
  const kept = there && !options.force
  const legacy = kept ? ok(undefined) : readLegacy(options.cwd)
  if (!legacy.ok) return legacy
  const before = kept ? await loadProject(options.cwd) : ok(undefined)
  if (!before.ok) return before
  if (kept && before.value?.root !== options.cwd) {
    return err({ reason: 'unsafe-file', path, why: 'it is no plain file' })
  }
  const absent = absentPlaceholders(options.cwd, before.value?.config.binds ?? [])
  if (!absent.ok) return absent
  const vault = await makeVault(options, before.value)
  if (!vault.ok) return vault
  if (!kept) {
    const written = await writeConfig(options.cwd, textOf(options, legacy.value?.content), there)
    if (!written.ok) return written
  }
  const project = kept ? before : await writtenProject(options, legacy.value === undefined)
  if (!project.ok) return project
  const made = createPlaceholders(options.cwd, absent.value)
  if (!made.ok) return made
  const ignored = await addIgnored(options.cwd, project.value ? ignoreLines(project.value.config) : [])
  if (!ignored.ok) return ignored
  const outOfGit = await requireOutOfGit(options.cwd, project.value?.config.binds ?? [])
  if (!outOfGit.ok) return outOfGit
  return ok({
    config: { path, state: kept ? 'kept' : 'written' },
    legacy: legacy.value ? legacyReport(legacy.value) : null,
    placeholders: absent.value,
    ignored: ignored.value,
    vault: vault.value,
    next: await nextStep(options, vault.value.state, project.value),
  })
}

async function nextStep(
  { env }: InitOptions,
  vault: Initialised['vault']['state'],
  project: Project | undefined,
): Promise<string> {
  if (vault === 'later') return 'tazpod vault init'
  const trust = project && (await trustView(env, project))
  if (trust?.ok && trust.value.state !== 'trusted') return 'tazpod trust'
  return vault === 'made' ? 'tazpod vault set NAME' : 'tazpod pull'
}

const OWN_VAULT = '.tazpod/vault.age'

function textOf({ ownVault }: InitOptions, legacy: LegacySecrets | undefined): string {
  const place = legacy?.project && { project: legacy.project, environment: legacy.environment ?? 'prod' }
  const paths = legacy && legacy.paths.length > 0 ? legacy.paths : ['/']
  return configTemplate({
    provider: 'vault',
    secrets: legacy?.secrets ?? [],
    ...(ownVault && { vault: OWN_VAULT }),
    ...(place && {
      infisical: { ...place, offline: false, paths: paths.map((path) => ({ path, recursive: false })) },
    }),
  })
}

/**
 * What was just written, read back like any project file. It is trusted when all of it is ours. Grants that come from
 * a file of the folder are not: a foreign repository may have brought its secrets.yml along.
 */
async function writtenProject(
  { env, cwd }: InitOptions,
  ours: boolean,
): Promise<Result<Project | undefined>> {
  const project = await loadProject(cwd)
  if (!project.ok || project.value === undefined || !ours) return project
  const trusted = await rememberTrust(env, project.value)
  return trusted.ok ? project : trusted
}

async function makeVault(
  options: InitOptions,
  project: Project | undefined,
): Promise<Result<Initialised['vault']>> {
  const { env, cwd, ownVault, passphraseFd, nonInteractive, say } = options
  const own = project ? project.config.vault : ownVault ? OWN_VAULT : undefined
  const place = vaultPlace(userPaths(env), own, cwd)
  const path = place.vault
  if (await exists(path)) return ok({ path, state: 'kept', shown: {} })
  if (passphraseFd === undefined && (nonInteractive || !hasTerminal()))
    return ok({ path, state: 'later', shown: {} })
  const names = guessableNames(cwd)
  const made = await initVault(place, {
    passphraseFd,
    nonInteractive,
    generate: false,
    generateWith: 'tazpod vault init --generate',
    recovery: false,
    names,
    say,
  })
  return made.ok ? ok({ path, state: 'made', shown: made.value }) : made
}

function legacyReport({ path, content }: { path: string; content: LegacySecrets }): Initialised['legacy'] {
  return { path, secrets: content.secrets.length, notes: content.notes }
}
