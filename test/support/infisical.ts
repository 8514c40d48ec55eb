import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BLUE, newCastle } from './castle/castle.ts'
import { type Fault, InfisicalServer, type Mode } from './infisical-server/index.ts'
import { makeProject, makeVault, must, PASSPHRASE } from './project.ts'
import type { Scratch } from './scratch.ts'
import { type Run, tazpod } from './tazpod.ts'

export { type Fault, InfisicalServer, type Mode }

export const MODES: readonly Mode[] = ['2024', 'current', 'go']

/** A lab: a server with one project and one identity in it, and a person with a vault who has logged in. */
export interface Lab {
  server: InfisicalServer
  identity: ReturnType<InfisicalServer['addIdentity']>
  project: ReturnType<InfisicalServer['addProject']>
}

export interface LabOptions {
  mode?: Mode
  /** Of the identity: seconds. */
  ttl?: number
  maxTtl?: number
  period?: number
  secrets?: Record<string, string>
  /** In the folder /terraform. */
  terraform?: Record<string, string>
}

/** The server's side of a lab. */
export async function lab(options: LabOptions = {}): Promise<Lab> {
  const { mode = 'current', secrets = {}, terraform = {}, ...times } = options
  const server = await InfisicalServer.start({ mode })
  const identity = server.addIdentity(times)
  const project = server.addProject({ slug: 'lab', environments: ['prod', 'dev'] })
  project.grant(identity, { read: true, write: true, readValue: true })
  project.addFolder('prod', '/terraform')
  for (const [name, value] of Object.entries(secrets)) project.set('prod', '/', name, value)
  for (const [name, value] of Object.entries(terraform)) project.set('prod', '/terraform', name, value)
  return { server, identity, project }
}

/** `tazpod login` with the lab's identity, secret and passphrase on descriptors. */
export function login(
  scratch: Scratch,
  { server, identity }: Lab,
  args: readonly string[] = [],
): Promise<Run> {
  const all = [
    'login',
    ...args,
    '--host',
    server.origin,
    '--client-id',
    identity.clientId,
    '--client-secret-fd',
    '0',
  ]
  return tazpod(scratch, all, { stdin: identity.clientSecret, passphrase: PASSPHRASE })
}

/** The person's side: a vault, a login, a trusted project file. Not yet pulled. */
export async function member(scratch: Scratch, where: Lab, yaml: string): Promise<void> {
  await makeVault(scratch)
  const done = await login(scratch, where)
  if (done.status !== 0) throw new Error(`login ended with ${done.status}: ${done.stderr}`)
  await makeProject(scratch, yaml)
}

/** The lab's own place, as a line of tazpod.yaml. */
export const PLACE = 'infisical: { project: lab, environment: prod, paths: [/] }'

/** The castle blue with its secrets in the lab, which gets a value for each that it lacks; trusted and pulled. */
export async function labCastle(scratch: Scratch, { project }: Lab): Promise<string> {
  const flags = BLUE.map((flag) => (flag === 'vault' ? 'infisical' : flag))
  const blue = await newCastle(scratch, 'blue', flags)
  const file = join(blue, 'tazpod.yaml')
  const yaml = readFileSync(file, 'utf8').replace(/^infisical:.*(\n[ ].*)*$/m, PLACE)
  writeFileSync(file, yaml)
  for (const name of yaml.match(/\b[A-Z][A-Z0-9_]{3,}\b/g) ?? []) {
    if (project.get('prod', '/', name) === undefined) project.set('prod', '/', name, 'x')
  }
  await must(scratch, ['trust', '--yes'], { cwd: blue })
  await must(scratch, ['pull'], { cwd: blue, passphrase: PASSPHRASE })
  return blue
}

/** `tazpod pull` with the passphrase. */
export function pull(
  scratch: Scratch,
  args: readonly string[] = [],
  options: Parameters<typeof tazpod>[2] = {},
) {
  return tazpod(scratch, ['pull', ...args], { passphrase: PASSPHRASE, ...options })
}

/** What a command of this project reads from a file in its view. */
export function inside(scratch: Scratch, script: string): Promise<string> {
  return must(scratch, ['exec', '--', 'sh', '-c', script])
}
