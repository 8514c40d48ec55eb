import { userPaths } from '../../adapters/files/paths.ts'
import { where } from '../../adapters/holder/client.ts'
import { findInstall } from '../../adapters/holder/install.ts'
import { exists } from '../../adapters/vault/vault-files.ts'
import type { Failure } from '../../core/failure/failure.ts'
import type { ProviderName } from '../../core/provider/registry.ts'
import { loadProject, type Project } from '../project/project.ts'
import { trustView } from '../project/trust.ts'
import { vaultPlace } from '../vault/place.ts'

/** What leads on from here; `shell`: nothing is missing. */
export type GuideStep = 'repair' | 'build' | 'init' | 'vault' | 'trust' | 'unlock' | 'shell'

/** Where a person stands, and the one command that leads on. */
export interface Guidance {
  /** Folder of the project; null outside of one. */
  project: string | null
  provider: ProviderName
  vault: 'present' | 'none'
  state: 'locked' | 'unlocked' | 'unknown'
  step: GuideStep
  /** What the next command is for. */
  why: string
  next: string
  /** A project file that can't be used. */
  problem?: Failure
}

const STEPS: Record<GuideStep, { why: string; next: string }> = {
  repair: { why: 'the project file has to be put right first', next: 'tazpod trust --show' },
  build: { why: 'the native part is missing', next: 'tazpod doctor' },
  init: { why: 'sets up this folder and a vault', next: 'tazpod init' },
  vault: { why: 'makes the vault', next: 'tazpod vault init' },
  trust: { why: 'tazpod.yaml is new or has changed: see what it grants', next: 'tazpod trust' },
  unlock: { why: 'unlocks: asks for the passphrase', next: 'tazpod pull' },
  shell: { why: 'runs a command with what it is granted', next: 'tazpod exec -- COMMAND' },
}

/** Looks at this folder and this user without asking or changing anything. */
export async function guidance(env: NodeJS.ProcessEnv, cwd: string): Promise<Guidance> {
  const project = await loadProject(cwd)
  if (!project.ok) {
    const facts = { project: null, provider: 'vault', vault: 'none', state: 'unknown' } as const
    return { ...facts, step: 'repair', ...STEPS.repair, problem: project.error }
  }
  const place = vaultPlace(userPaths(env), project.value?.config.vault, project.value?.root)
  const vault = (await exists(place.identity)) ? 'present' : 'none'
  const here = await where()
  const state = here.ok ? here.value.state : 'unknown'
  const provider = project.value?.config.provider ?? 'vault'
  const facts = { project: project.value?.root ?? null, provider, vault, state } as const
  const step = await stepFrom(env, project.value, vault, state)
  return { ...facts, step, ...STEPS[step] }
}

async function stepFrom(
  env: NodeJS.ProcessEnv,
  project: Project | undefined,
  vault: Guidance['vault'],
  state: Guidance['state'],
): Promise<GuideStep> {
  if (!findInstall().native) return 'build'
  if (state === 'unlocked') return 'shell'
  if (vault === 'none') return project ? 'vault' : 'init'
  if (project) {
    const trust = await trustView(env, project)
    if (trust.ok && trust.value.state !== 'trusted') return 'trust'
  }
  return 'unlock'
}
