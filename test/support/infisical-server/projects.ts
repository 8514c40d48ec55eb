import { randomUUID } from 'node:crypto'
import type { Clock } from './clock.ts'
import { Problem } from './problems.ts'
import {
  changeSecret,
  cleanPath,
  Environment,
  type Folder,
  type ImportFrom,
  newSecret,
  type Secret,
  type SecretExtra,
} from './store.ts'

export interface ProjectOptions {
  slug: string
  id?: string
  name?: string
  /** `dev`, `staging`, `prod` unless said otherwise. */
  environments?: string[]
}

export interface Rights {
  read: boolean
  write: boolean
  /** Whether values are shown (not in 2024, where reading is all or nothing). */
  readValue: boolean
}

const ALL: Rights = { read: true, write: true, readValue: true }

/** A project as tests fill it. What is set here is stored byte for byte; only writes over HTTP are trimmed. */
export class TestProject {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly createdAt: string
  readonly environments = new Map<string, Environment>()
  readonly #rights = new Map<string, Rights>()
  readonly #clock: Clock

  constructor(clock: Clock, options: ProjectOptions) {
    this.#clock = clock
    this.id = options.id ?? randomUUID()
    this.slug = options.slug
    this.name = options.name ?? options.slug
    this.createdAt = clock.iso()
    for (const slug of options.environments ?? ['dev', 'staging', 'prod']) {
      this.environments.set(slug, new Environment(slug, clock))
    }
  }

  /** Everything, unless said otherwise. */
  grant(identity: { id: string }, rights: Partial<Rights> = {}): this {
    this.#rights.set(identity.id, { ...ALL, ...rights })
    return this
  }

  revokeAccess(identity: { id: string }): void {
    this.#rights.delete(identity.id)
  }

  rightsOf(identity: { id: string }): Rights {
    const rights = this.#rights.get(identity.id)
    if (rights === undefined) throw new Problem('notInProject')
    return rights
  }

  addFolder(environment: string, path: string): this {
    this.#environment(environment).makeFolder(cleanPath(path))
    return this
  }

  set(environment: string, path: string, name: string, value: string, extra?: SecretExtra): this {
    const { secrets } = this.#environment(environment).makeFolder(cleanPath(path))
    const found = secrets.get(name)
    if (found === undefined) secrets.set(name, newSecret(name, value, this.#clock.iso(), extra))
    else changeSecret(found, value, this.#clock.iso(), extra)
    return this
  }

  /** The stored value, or undefined. */
  get(environment: string, path: string, name: string): string | undefined {
    return this.#folder(environment, path).secrets.get(name)?.value
  }

  remove(environment: string, path: string, name: string): void {
    this.#folder(environment, path).secrets.delete(name)
  }

  /** At the end of the folder's imports: the last one wins. */
  addImport(environment: string, path: string, from: { env: string; path: string }): this {
    const source: ImportFrom = { environment: from.env, path: cleanPath(from.path) }
    this.#environment(environment).makeFolder(cleanPath(path)).imports.push(source)
    return this
  }

  /** The value of one secret; without a name, of all in that folder. 2024 knows no hidden values. */
  hide(environment: string, path: string, name?: string): void {
    const folder = this.#folder(environment, path)
    if (name === undefined) folder.hidden = true
    else this.#secret(folder, name).hidden = true
  }

  /** From now on a write there answers with an approval and changes nothing. */
  approvalPolicy(environment: string, path: string): void {
    this.#folder(environment, path).needsApproval = true
  }

  addDynamicSecret(
    environment: string,
    path: string,
    name: string,
    data: Record<string, unknown>,
    maxTtl = '24h',
  ): void {
    const folder = this.#environment(environment).makeFolder(cleanPath(path))
    folder.dynamicSecrets.set(name, { id: randomUUID(), name, data, maxTtl })
  }

  #environment(slug: string): Environment {
    const found = this.environments.get(slug)
    if (found === undefined) throw new Error(`the project ${this.slug} has no environment ${slug}`)
    return found
  }

  #folder(environment: string, path: string): Folder {
    const found = this.#environment(environment).folder(cleanPath(path))
    if (found === undefined) throw new Error(`the project ${this.slug} has no ${environment}:${path}`)
    return found
  }

  #secret(folder: Folder, name: string): Secret {
    const found = folder.secrets.get(name)
    if (found === undefined) throw new Error(`there is no secret ${name} in ${folder.path}`)
    return found
  }
}
