import { randomUUID } from 'node:crypto'
import type { Clock } from './clock.ts'

export interface Tag {
  id: string
  slug: string
  color: string
  name: string
}

export interface Metadata {
  key: string
  value: string
  isEncrypted: boolean
}

/** What a fixture may say about a secret besides its value. */
export interface SecretExtra {
  comment?: string
  tags?: string[]
  metadata?: Record<string, string>
  skipMultilineEncoding?: boolean
}

export interface Secret {
  readonly id: string
  name: string
  value: string
  comment: string
  version: number
  readonly history: Map<number, string>
  readonly createdAt: string
  updatedAt: string
  tags: Tag[]
  metadata: Metadata[]
  skipMultilineEncoding: boolean
  /** The identity may describe it, not read it (not in 2024). */
  hidden: boolean
}

export interface ImportFrom {
  readonly environment: string
  readonly path: string
}

export class Folder {
  readonly id = randomUUID()
  readonly environment: Environment
  readonly path: string
  readonly parent: Folder | undefined
  readonly createdAt: string
  readonly secrets = new Map<string, Secret>()
  readonly imports: ImportFrom[] = []
  readonly dynamicSecrets = new Map<string, DynamicSecret>()
  readonly leases = new Map<string, Lease>()
  hidden = false
  needsApproval = false

  constructor(environment: Environment, path: string, parent: Folder | undefined, createdAt: string) {
    this.environment = environment
    this.path = path
    this.parent = parent
    this.createdAt = createdAt
  }

  get name(): string {
    return this.path === '/' ? 'root' : this.path.slice(this.path.lastIndexOf('/') + 1)
  }
}

export interface Lease {
  readonly id: string
  expireAt: string
  updatedAt: string
}

export interface DynamicSecret {
  readonly id: string
  readonly name: string
  readonly data: Record<string, unknown>
  readonly maxTtl: string
}

/** An environment's folders, by path. */
export class Environment {
  readonly id = randomUUID()
  readonly slug: string
  readonly name: string
  readonly #folders = new Map<string, Folder>()
  readonly #clock: Clock

  constructor(slug: string, clock: Clock) {
    this.slug = slug
    this.name = NAMES[slug] ?? slug
    this.#clock = clock
    this.#folders.set('/', new Folder(this, '/', undefined, clock.iso()))
  }

  folder(path: string): Folder | undefined {
    return this.#folders.get(path)
  }

  /** Makes what is missing on the way. */
  makeFolder(path: string): Folder {
    const found = this.#folders.get(path)
    if (found !== undefined) return found
    const parent = this.makeFolder(path.slice(0, path.lastIndexOf('/')) || '/')
    const folder = new Folder(this, path, parent, this.#clock.iso())
    this.#folders.set(path, folder)
    return folder
  }

  children(folder: Folder): Folder[] {
    return [...this.#folders.values()].filter((one) => one.parent === folder)
  }

  /** The folder and everything under it, not deeper than the service goes. */
  tree(folder: Folder, depth = 20): Folder[] {
    if (depth === 0) return [folder]
    return [folder, ...this.children(folder).flatMap((child) => this.tree(child, depth - 1))]
  }
}

const NAMES: Record<string, string> = { dev: 'Development', staging: 'Staging', prod: 'Production' }

export function newSecret(name: string, value: string, at: string, extra: SecretExtra = {}): Secret {
  return {
    id: randomUUID(),
    name,
    value,
    comment: extra.comment ?? '',
    version: 1,
    history: new Map([[1, value]]),
    createdAt: at,
    updatedAt: at,
    tags: (extra.tags ?? []).map((slug) => ({ id: randomUUID(), slug, color: '#fff', name: slug })),
    metadata: metadataOf(extra.metadata),
    skipMultilineEncoding: extra.skipMultilineEncoding ?? false,
    hidden: false,
  }
}

export function changeSecret(secret: Secret, value: string, at: string, extra: SecretExtra = {}): void {
  secret.value = value
  secret.version++
  secret.history.set(secret.version, value)
  secret.updatedAt = at
  if (extra.comment !== undefined) secret.comment = extra.comment
  if (extra.metadata !== undefined) secret.metadata = metadataOf(extra.metadata)
}

function metadataOf(entries: Record<string, string> = {}): Metadata[] {
  return Object.entries(entries).map(([key, value]) => ({ key, value, isEncrypted: false }))
}

/** Without the slashes at the end, as every generation does; nothing else is repaired. */
export function cleanPath(path: string): string {
  return path.replace(/(.)\/+$/, '$1')
}
