import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readText } from '../../adapters/castle-files.ts'
import { filesBelow } from '../../adapters/code-files.ts'
import { terraformReader } from '../../adapters/hcl.ts'
import type { HclBody } from '../../core/castle/hcl.ts'
import { initNeeded } from '../../core/castle/init-needed.ts'
import { terraformFileKind } from '../../core/castle/terraform-files.ts'
import { ok, type Result } from '../../core/result.ts'

/** Whether terraform has to be initialised in a castle's folder before it can work there. Failure: io, config-invalid. */
export async function needsInit(folder: string, env: NodeJS.ProcessEnv): Promise<Result<boolean>> {
  const data = resolve(folder, env.TF_DATA_DIR || '.terraform')
  const read = await terraformReader()
  const bodyOf = async (name: string): Promise<Result<HclBody | undefined>> => {
    const bytes = await readText(join(folder, name))
    return bytes.ok ? ok(bytes.value && read(name, bytes.value.toString('utf8')).body) : bytes
  }
  const code: HclBody[] = []
  for (const { path } of await filesBelow(folder, false)) {
    if (terraformFileKind(path) !== 'code') continue
    const body = await bodyOf(path)
    if (!body.ok) return body
    if (body.value !== undefined) code.push(body.value)
  }
  const lock = await bodyOf('.terraform.lock.hcl')
  if (!lock.ok) return lock
  return ok(
    initNeeded(code, {
      backend: existsSync(join(data, 'terraform.tfstate')),
      modules: existsSync(join(data, 'modules', 'modules.json')),
      lock: lock.value,
      installed: (address, version) => existsSync(join(data, 'providers', address, version)),
    }),
  )
}
