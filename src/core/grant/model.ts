import type { ProviderName } from '../provider/registry.ts'
import type { ProviderSections } from '../provider/syntaxes.ts'
import type { DotenvReader } from '../text/dotenv-writer.ts'
import type { BindFormat } from './formats.ts'

/** What `tazpod.yaml` says, checked and with every default filled in. Times are seconds. */
export interface ProjectConfig extends ProviderSections {
  version: 1
  provider: ProviderName
  session: SessionConfig
  secrets: SecretRule[]
  binds: BindRule[]
  /** Absent: every command gets everything that is declared. Present: a command gets exactly what is listed. */
  commands?: CommandRule[]
}

export interface SessionConfig {
  /** Seconds without a command until the holder wipes itself; 0 = never. */
  idle: number
  /** Seconds after the unlock until the holder wipes itself, whatever runs. */
  max: number
  scope: 'user' | 'terminal'
  /** Seconds for which a passphrase counts at its terminal for what works on the vault; 0: it is asked for each time. */
  proof: number
  /** The exit of the last `tazpod shell` locks. */
  lockOnExit: boolean
  /** What locks besides time, told by logind; absent: nothing. */
  lockOn?: LockEvent[]
}

/** The machine goes to sleep; a screen of this user is locked. */
export const LOCK_EVENTS = ['suspend', 'screen'] as const
export type LockEvent = (typeof LOCK_EVENTS)[number]

/** What holds where no project file says otherwise: 30 minutes idle, 12 hours at the most. */
export const DEFAULT_SESSION: SessionConfig = {
  idle: 1_800,
  max: 43_200,
  scope: 'user',
  proof: 300,
  lockOnExit: false,
}

/** One secret as the file declares it; what it becomes in a child is decided by `delivery.ts`. */
export interface SecretRule {
  name: string
  file?: string
  env?: string
  as: 'file' | 'value'
  /** What a command makes of its file is kept: for the session, or on request in the vault too. */
  writeback?: Writeback
  preset?: string
  /** The folder in Infisical that is meant where several have this name. */
  path?: string
  /** Not a secret of that name, but a part of the machine identity; `name` then only labels it. */
  identity?: IdentityPart
}

export const WRITEBACKS = ['true', 'vault'] as const
export type Writeback = (typeof WRITEBACKS)[number]

export interface BindRule {
  /** Relative to the project folder, without `.` or `..` segments. */
  path: string
  format: BindFormat
  /** Who reads it; of a dotenv only. Default: `sh`. */
  for?: DotenvReader
  values: BindValue[]
}

/** One value of a bind: `key` in the rendered file, and where it comes from. */
export type BindValue = { key: string; secret: string } | { key: string; identity: IdentityPart }

export const IDENTITY_PARTS = ['clientId', 'clientSecret', 'token', 'host'] as const
export type IdentityPart = (typeof IDENTITY_PARTS)[number]

/** What a rule hands over, where names of secrets are listed. */
export function ruleSource({ name, identity }: SecretRule): string {
  return identity === undefined ? name : `identity.${identity}`
}

/** What a value of a bind is made of, where names of secrets are listed: `PROXMOX_TOKEN`, `identity.clientId`. */
export function bindSource(value: BindValue): string {
  return 'secret' in value ? value.secret : `identity.${value.identity}`
}

export interface CommandRule {
  /** Basename of the command, or `*` for every command that is not listed. */
  command: string
  secrets: string[]
  binds: string[]
  /** Octal value; absent: 077 when something is delivered. */
  umask?: number
  preset?: string
}
