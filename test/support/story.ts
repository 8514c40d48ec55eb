import { statSync } from 'node:fs'
import { join } from 'node:path'
import { compileLaunchSet } from '../../src/core/grant/compile.ts'
import { encodeSet } from '../../src/core/grant/set-frame.ts'
import { parseConfig } from '../../src/core/project/read.ts'
import { must, PASSPHRASE } from './project.ts'
import type { Scratch } from './scratch.ts'

export interface Project {
  /** The folder; default: the scratch's own project. */
  folder?: string
  /** The text of `tazpod.yaml`. */
  config: string
  secrets: Readonly<Record<string, string>>
}

/** A project that hands one secret to every command, as a file whose path is in TOKEN_FILE. */
export const ONE_FILE = `version: 1
provider: vault
secrets:
  - { name: TOKEN, file: token, env: TOKEN_FILE }
`

/** The way to an unlocked project with the real binary: tazpod.yaml, vault, import, trust, pull. */
export async function unlocked(scratch: Scratch, project: Project): Promise<void> {
  const cwd = writeConfig(scratch, project)
  await must(scratch, ['vault', 'init'], { cwd, passphrase: PASSPHRASE })
  const stdin = JSON.stringify(project.secrets)
  await must(scratch, ['vault', 'import', '--format', 'json', '-'], { cwd, passphrase: PASSPHRASE, stdin })
  await must(scratch, ['trust', '--yes'], { cwd })
  await must(scratch, ['pull'], { cwd, passphrase: PASSPHRASE })
}

/** The same holder without vault, trust and half a second of scrypt: the SET frame goes straight to `ghost put`. */
export async function held(scratch: Scratch, project: Project): Promise<void> {
  const cwd = writeConfig(scratch, project)
  await must(scratch, ['ghost', 'put'], { cwd, stdin: await setFrame(scratch, project, cwd) })
}

/** The SET frame that `pull` would send for this project. */
export async function setFrame(scratch: Scratch, project: Project, cwd: string): Promise<Buffer> {
  const file = join(cwd, 'tazpod.yaml')
  const config = parseConfig(project.config, file)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const { ghost } = JSON.parse(await must(scratch, ['ghost', 'where'], { cwd }))
  const secrets = new Map(Object.entries(project.secrets).map(([name, value]) => [name, Buffer.from(value)]))
  const set = compileLaunchSet({ config: config.value, secrets, root: cwd, ghost })
  if (!set.ok) throw new Error(JSON.stringify(set.error))
  const { idle, max, scope, lockOnExit } = config.value.session
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
  const meta = { idle, max, scope, lockOnExit, label: 'test', root: cwd, provider: 'vault' }
  return encodeSet(set.value, { ...meta, config: { dev, ino, size, mtimeNs, ctimeNs } })
}

function writeConfig(scratch: Scratch, project: Project): string {
  const folder = project.folder ?? scratch.project
  scratch.file(join(folder.slice(scratch.home.length + 1), 'tazpod.yaml'), project.config, 0o644)
  return folder
}
