/** What the tests of plan, apply and destroy share: a castle that is ready for them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readyCastle } from '../support/castle/castle.ts'
import { must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { type Run, tazpod } from '../support/tazpod.ts'

export async function world(): Promise<{ scratch: Scratch; blue: string }> {
  const scratch = new Scratch()
  return { scratch, blue: await readyCastle(scratch) }
}

export const castle = (
  scratch: Scratch,
  cwd: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Run> =>
  tazpod(scratch, ['castle', ...args], { passphrase: PASSPHRASE, cwd, env, timeout: 120_000 })
export const record = (blue: string) => JSON.parse(readFileSync(join(blue, 'castle.json'), 'utf8'))
export const stored = (scratch: Scratch, cwd: string, name: string): Promise<string> =>
  must(scratch, ['vault', 'get', '--reveal', name], { passphrase: PASSPHRASE, cwd })

/** A resource inside the cluster, as its provider would have left it in the state. */
export function addInCluster(blue: string): void {
  const path = join(blue, 'terraform.tfstate')
  const state = JSON.parse(readFileSync(path, 'utf8'))
  const instance = { schema_version: 0, attributes: { id: 'external-secrets/x' }, sensitive_attributes: [] }
  state.resources.push({
    ...{ mode: 'managed', type: 'kubernetes_secret_v1', name: 'infisical_identity' },
    provider: 'provider["example.com/hashicorp/kubernetes"]',
    instances: [instance],
  })
  state.serial++
  writeFileSync(path, JSON.stringify(state))
}
