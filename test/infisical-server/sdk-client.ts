import { InfisicalSDK } from '@infisical/sdk'
import { vi } from 'vitest'
import {
  InfisicalServer,
  type Mode,
  type StartOptions,
  type TestIdentity,
  type TestProject,
} from '../support/infisical-server/index.ts'

export interface SdkLab extends AsyncDisposable {
  readonly server: InfisicalServer
  readonly identity: TestIdentity
  readonly project: TestProject
  readonly sdk: InfisicalSDK
  /** Where the SDK is to look. */
  readonly place: { projectId: string; environment: string }
  login(sdk?: InfisicalSDK): Promise<InfisicalSDK>
}

export async function sdkLab(mode: Mode = '2024', options: StartOptions = {}): Promise<SdkLab> {
  const server = await InfisicalServer.start({ ...options, mode })
  const identity = server.addIdentity({ ttl: 600, maxTtl: 6000 })
  const project = server.addProject({ slug: 'lab' }).grant(identity)
  const sdk = new InfisicalSDK({ siteUrl: server.origin })
  const { clientId, clientSecret } = identity
  return {
    server,
    identity,
    project,
    sdk,
    place: { projectId: project.id, environment: 'dev' },
    login: (one = sdk) => one.auth().universalAuth.login({ clientId, clientSecret }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** What the SDK throws: a text, whatever it is about. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('it did not fail')
}

/** What an attempt of the SDK may take, in seconds: until the headers are there. */
export const ATTEMPT = 10

/** One attempt of the SDK, while it has a time. */
interface Timed {
  /** Its time is over now. */
  expire(): void
  /** The SDK has taken the time away. */
  untimed: boolean
}

export interface Hurried {
  /** What the SDK wanted to wait, in seconds: for an attempt, and between two of them. */
  waits: number[]
  attempts: Timed[]
}

/**
 * The SDK waits a hundredth of its time between attempts. An attempt keeps its own time, so that a busy machine can
 * answer in it, and a test that wants its end says when.
 */
export function hurry(): Hurried {
  const [set, clear] = [setTimeout, clearTimeout]
  const waits: number[] = []
  const attempts: Timed[] = []
  const timed = new Map<unknown, Timed>()
  vi.stubGlobal('setTimeout', (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
    // Node's own fetch uses the same function, and must not be hurried.
    if (!new Error().stack?.split('\n')[2]?.includes('@infisical/sdk')) return set(run, ms, ...given)
    waits.push(ms / 1000)
    if (ms !== ATTEMPT * 1000) return set(run, ms / 100, ...given)
    const timer = set(run, ms, ...given)
    const attempt = { expire: () => run(...given), untimed: false }
    timed.set(timer, attempt)
    attempts.push(attempt)
    return timer
  })
  vi.stubGlobal('clearTimeout', (timer: NodeJS.Timeout | undefined) => {
    const attempt = timed.get(timer)
    if (attempt) attempt.untimed = true
    clear(timer)
  })
  return { waits, attempts }
}
