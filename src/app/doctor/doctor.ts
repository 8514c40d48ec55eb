import { dirname } from 'node:path'
import { userPaths } from '../../adapters/files/paths.ts'
import { inspectPlaceholder } from '../../adapters/files/placeholders.ts'
import { systemFacts } from '../../adapters/holder/system.ts'
import type { Failure } from '../../core/failure/failure.ts'
import { failureText } from '../../core/failure/words.ts'
import { importCommand } from '../../core/grant/import-command.ts'
import type { Result } from '../../core/result.ts'
import { diagnose, type Finding, type ToolFact } from '../../core/session/doctor.ts'
import { requireOutOfGit } from '../project/placeholders.ts'
import { loadProject, type Project } from '../project/project.ts'
import { vaultPlace } from '../vault/place.ts'

interface Diagnosis {
  ok: boolean
  kernel: string
  findings: Finding[]
  tools: ToolFact[]
}

/** Looks at this machine, and at the vault and the project of this folder. Changes nothing. `ok`: no finding is a `fail`. */
export async function doctor(env: NodeJS.ProcessEnv, cwd: string): Promise<Diagnosis> {
  const project = await loadProject(cwd) // with a broken one the user's vault is looked at
  const own = project.ok ? project.value : undefined
  const place = vaultPlace(userPaths(env), own?.config.vault, own?.root)
  const facts = await systemFacts(env, [dirname(place.vault), place.identity, place.vault])
  const findings = [...diagnose(facts), ...(await projectFindings(project))]
  return { ok: findings.every((f) => f.state !== 'fail'), kernel: facts.kernel, findings, tools: facts.tools }
}

/** The project file of this folder, and the places on the disk that it says are empty. */
async function projectFindings(project: Result<Project | undefined>): Promise<Finding[]> {
  if (!project.ok) return [{ ...worded('project', project.error), state: 'warn' }]
  if (project.value === undefined) return []
  const { root, config } = project.value
  const kept = await requireOutOfGit(root, config.binds)
  const git: Finding[] = kept.ok ? [] : [{ ...worded('placeholders', kept.error), state: 'fail' }]
  const binds = config.binds.map((bind): Finding => {
    const state = inspectPlaceholder(root, bind.path, importCommand(bind))
    if (!state.ok) return { ...worded('placeholders', state.error), state: 'fail' }
    const text = state.value === 'ready' ? `${bind.path} is empty` : `${bind.path} is made by the next pull`
    return { check: 'placeholders', state: 'ok', text }
  })
  return [...git, ...binds]
}

function worded(check: string, failure: Failure): Omit<Finding, 'state'> {
  const { message, next } = failureText(failure)
  return { check, text: message, fix: next ?? 'tazpod trust --show   (says more)' }
}
