import {
  byServer,
  type HeldSession,
  type HeldToken,
  liveTokens,
} from '../../../core/provider/infisical/held.ts'
import { revokeTokens } from './revoke.ts'

/** How long a failure may wait for the end of a session that it opened, in ms. */
const END_MS = 2_000

/** A token that the holder does not have yet is nobody's: until then it is ended by whoever stops. */
export class OpenedSession {
  readonly #env: NodeJS.ProcessEnv
  readonly #known: ReadonlySet<string>
  #tokens: HeldToken[] = []

  constructor(env: NodeJS.ProcessEnv, before: HeldSession | undefined) {
    this.#env = env
    this.#known = new Set(
      before === undefined ? [] : liveTokens(before, Date.now()).map(({ token }) => token),
    )
  }

  readonly opened = (token: HeldToken): void => {
    // A renewal shares its id with the token that the holder has: to end one would end both.
    if (!this.#known.has(token.token) && token.issuedAt === token.firstLogin) this.#tokens.push(token)
  }

  keep(): void {
    this.#tokens = []
  }

  async end(): Promise<void> {
    const tokens = this.#tokens
    this.#tokens = []
    if (tokens.length > 0) await revokeTokens(byServer(tokens), this.#env, END_MS)
  }
}
