import { randomBytes, randomUUID } from 'node:crypto'
import { Clock } from './clock.ts'
import { Identity, type IdentityOptions } from './identities.ts'
import { Problem } from './problems.ts'
import { type ProjectOptions, TestProject } from './projects.ts'
import { RowTokens } from './tokens/of-2024.ts'
import { ClaimTokens } from './tokens/of-today.ts'
import type { Tokens } from './tokens/tokens.ts'
import type { Mode } from './types.ts'

/** Everything that a server knows, without its network. */
export class World {
  readonly clock: Clock
  readonly mode: Mode
  readonly tokens: Tokens
  readonly organization = { id: randomUUID(), name: 'Lab', slug: 'lab' }
  readonly #identities: Identity[] = []
  readonly #projects: TestProject[] = []
  databaseDown = false
  maintenance = false

  constructor(mode: Mode, still: boolean) {
    this.mode = mode
    this.clock = new Clock(still)
    const key = randomBytes(32)
    const refuseWhenDown = (): void => {
      if (this.databaseDown) throw new Problem('databaseDown')
    }
    const Kind = mode === '2024' ? RowTokens : ClaimTokens
    this.tokens = new Kind(this.clock, key, refuseWhenDown)
  }

  addIdentity(options: IdentityOptions): Identity {
    const identity = new Identity(this.clock, options)
    this.#identities.push(identity)
    return identity
  }

  addProject(options: ProjectOptions): TestProject {
    const project = new TestProject(this.clock, options)
    this.#projects.push(project)
    return project
  }

  identityByClientId(clientId: string): Identity | undefined {
    return this.#identities.find((one) => one.clientId === clientId)
  }

  findSlug(slug: string): TestProject | undefined {
    return this.#projects.find((one) => one.slug === slug)
  }

  projectById(id: string): TestProject {
    const found = this.#projects.find((one) => one.id === id)
    if (found === undefined) throw new Problem('projectUnknown', { project: id })
    return found
  }

  projectBySlug(slug: string): TestProject {
    const found = this.findSlug(slug)
    if (found === undefined) throw new Problem('slugUnknown', { project: slug })
    return found
  }

  projects(): readonly TestProject[] {
    return this.#projects
  }
}
