import { dirname } from 'node:path'
import { userPaths } from '../adapters/paths.ts'
import { systemFacts } from '../adapters/system.ts'
import { diagnose, type Finding, type ToolFact } from '../core/doctor.ts'
import { loadProject } from './project.ts'
import { vaultPlace } from './vault/place.ts'

export interface Diagnosis {
  ok: boolean
  kernel: string
  findings: Finding[]
  tools: ToolFact[]
}

/** Looks at this machine and the vault of this folder. Changes nothing. `ok`: no finding is a `fail`. */
export async function doctor(env: NodeJS.ProcessEnv, cwd: string): Promise<Diagnosis> {
  const project = await loadProject(cwd) // a broken one has its own messages: then the user's vault is looked at
  const own = project.ok ? project.value : undefined
  const place = vaultPlace(userPaths(env), own?.config.vault, own?.root)
  const facts = await systemFacts(env, [dirname(place.vault), place.identity, place.vault])
  const findings = diagnose(facts)
  return { ok: findings.every((f) => f.state !== 'fail'), kernel: facts.kernel, findings, tools: facts.tools }
}
