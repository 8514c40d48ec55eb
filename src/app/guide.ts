import { where } from '../adapters/ghost.ts'
import { findInstall } from '../adapters/install.ts'
import { userPaths } from '../adapters/paths.ts'
import { exists } from '../adapters/vault-files.ts'
import type { Failure } from '../core/failure.ts'
import { loadProject } from './project.ts'
import { trustView } from './trust.ts'
import { vaultPlace } from './vault/place.ts'

/** Where a person stands, and the one command that leads on. */
export interface Guidance {
  /** Folder of the project; null outside of one. */
  project: string | null
  vault: 'present' | 'none'
  state: 'locked' | 'unlocked' | 'unknown'
  /** What the next command is for. */
  why: string
  next: string
  /** A project file that can't be used. */
  problem?: Failure
}

/** Looks at this folder and this user without asking or changing anything. */
export async function guidance(env: NodeJS.ProcessEnv, cwd: string): Promise<Guidance> {
  const project = await loadProject(cwd)
  if (!project.ok) {
    const why = 'the project file has to be put right first'
    return {
      project: null,
      vault: 'none',
      state: 'unknown',
      why,
      next: 'tazpod trust --show',
      problem: project.error,
    }
  }
  const root = project.value?.root ?? null
  const place = vaultPlace(userPaths(env), project.value?.config.vault, project.value?.root)
  const vault = (await exists(place.identity)) ? 'present' : 'none'
  const here = await where()
  const state = here.ok ? here.value.state : 'unknown'
  const facts = { project: root, vault, state } as const
  if (!findInstall().native) return { ...facts, why: 'the native part is missing', next: 'tazpod doctor' }
  if (root === null && vault === 'none')
    return { ...facts, why: 'sets up this folder and a vault', next: 'tazpod init' }
  if (vault === 'none') return { ...facts, why: 'makes the vault', next: 'tazpod vault init' }
  if (project.value && state === 'locked') {
    const trust = await trustView(env, project.value)
    if (trust.ok && trust.value.state !== 'trusted') {
      return {
        ...facts,
        why: `tazpod.yaml is ${trust.value.state}: see what it grants`,
        next: 'tazpod trust',
      }
    }
  }
  return state === 'unlocked'
    ? { ...facts, why: 'runs a command with what it is granted', next: 'tazpod exec -- COMMAND' }
    : { ...facts, why: 'unlocks: asks for the passphrase', next: 'tazpod pull' }
}
