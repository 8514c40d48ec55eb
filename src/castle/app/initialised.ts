import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { filesBelow } from '../../adapters/files/code-files.ts'
import { ok, type Result } from '../../core/result.ts'
import { readText } from '../adapters/files.ts'
import { terraformReader } from '../adapters/hcl.ts'
import type { HclBody } from '../core/hcl.ts'
import { initNeeded } from '../core/init-needed.ts'
import { terraformFileKind } from '../core/terraform-files.ts'

/** Whether terraform has to be initialised in a castle's folder before it can work there. Failure: io, config-invalid. */
export async function needsInit(folder: string, env: NodeJS.ProcessEnv): Promise<Result<boolean>> {
  const data = resolve(folder, env.TF_DATA_DIR || '.terraform')
  const read = await terraformReader()
  const bodyOf = async (name: string): Promise<Result<HclBody | undefined>> => {
    const bytes = await readText(join(folder, name))
    return bytes.ok ? ok(bytes.value && read(name, bytes.value.toString('utf8')).body) : bytes
  }
  const code = await codeOf(folder)
  if (!code.ok) return code
  const lock = await bodyOf('.terraform.lock.hcl')
  if (!lock.ok) return lock
  return ok(
    initNeeded(code.value, {
      backend: existsSync(join(data, 'terraform.tfstate')),
      modules: existsSync(join(data, 'modules', 'modules.json')),
      lock: lock.value,
      installed: (address, version) => existsSync(join(data, 'providers', address, version)),
    }),
  )
}

async function codeOf(folder: string): Promise<Result<HclBody[]>> {
  const read = await terraformReader()
  const code: HclBody[] = []
  for (const { path } of await filesBelow(folder, false)) {
    if (terraformFileKind(path) !== 'code') continue
    const bytes = await readText(join(folder, path))
    if (!bytes.ok) return bytes
    if (bytes.value !== undefined) code.push(read(path, bytes.value.toString('utf8')).body)
  }
  return ok(code)
}
