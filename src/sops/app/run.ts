import { loadProject } from '../../app/project/project.ts'
import type { Errand } from '../../app/provider/infisical/once.ts'
import { storeOf, storingProvider } from '../../castle/app/access.ts'
import { ok, type Result } from '../../core/result.ts'
import { identitiesOf } from './inventory.ts'
import { applySops, finishSops, planSops, type SopsReport, verifySops } from './sops.ts'

const STEPS = { plan: planSops, apply: applySops, verify: verifySops, finish: finishSops }

/** One step of the farewell to SOPS, in the current folder, into the store of its project. */
export async function migrateSops(
  step: keyof typeof STEPS,
  overwrite: boolean,
  errand: Errand,
): Promise<Result<SopsReport>> {
  const { env, cwd: folder } = errand
  const project = await loadProject(folder)
  if (!project.ok) return project
  const provider = storingProvider(project.value?.config.provider ?? 'vault')
  if (!provider.ok) return provider
  const withStore = await storeOf(provider.value, errand)
  if (!withStore.ok) return withStore
  const identities = await identitiesOf(env)
  if (!identities.ok) return identities
  const options = { folder, identities: identities.value, overwrite }
  const done = await withStore.value((store) => STEPS[step](store, options))
  for (const identity of identities.value) identity.fill(0)
  return done.ok ? ok(done.value) : done
}
