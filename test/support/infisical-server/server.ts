import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
// Not the global ones: a test may replace those.
import { clearTimeout, setTimeout } from 'node:timers'
import { readBody, splitUrl } from './body.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { Edge, newRequestId } from './edge.ts'
import { Faults, replacement, send, type Wire } from './faults.ts'
import type { IdentityOptions } from './identities.ts'
import { Problem } from './problems.ts'
import type { ProjectOptions, TestProject } from './projects.ts'
import { Rates } from './rates.ts'
import { AUTH_ROUTES } from './routes/auth.ts'
import { LEASE_ROUTES } from './routes/leases.ts'
import { PROJECT_ROUTES } from './routes/projects.ts'
import { READ_ROUTES } from './routes/read.ts'
import { WRITE_ROUTES } from './routes/write.ts'
import { TestIdentity } from './tokens/test-identity.ts'
import type { TokenState } from './tokens/tokens.ts'
import type { Fault, Limits, Mode, RecordedRequest, StartOptions } from './types.ts'
import { World } from './world.ts'

const ROUTES = [...AUTH_ROUTES, ...READ_ROUTES, ...WRITE_ROUTES, ...PROJECT_ROUTES, ...LEASE_ROUTES]

/**
 * An Infisical server for tests: one of three generations of the service, on a port of its own, with a clock that can
 * be moved and faults that can be ordered. It starts empty; nobody is allowed anything that was not granted.
 */
export class InfisicalServer implements AsyncDisposable {
  readonly mode: Mode
  readonly origin: string
  /** What a client has to trust; empty without TLS. */
  readonly caPem: string
  /** Everything that arrived, in that order. */
  readonly requests: RecordedRequest[]
  readonly #world: World
  readonly #rates: Rates
  readonly #faults: Faults
  readonly #close: () => Promise<void>

  private constructor(origin: string, caPem: string, inside: Inside, close: () => Promise<void>) {
    this.mode = inside.world.mode
    this.origin = origin
    this.caPem = caPem
    this.requests = inside.requests
    this.#world = inside.world
    this.#rates = inside.rates
    this.#faults = inside.faults
    this.#close = close
  }

  static async start(options: StartOptions = {}): Promise<InfisicalServer> {
    const inside = new Inside(options.mode ?? 'current', options.still ?? false)
    const certificates = options.tls && makeCertificates(options.tls)
    const server = listener(certificates, inside.listener)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port ?? 0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    const origin = `${certificates ? 'https' : 'http'}://127.0.0.1:${port}`
    return new InfisicalServer(origin, certificates?.ca ?? '', inside, async () => {
      inside.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
  }

  /** Moves the server's clock. */
  advance(seconds: number): void {
    this.#world.clock.advance(seconds)
  }

  /** The server's clock, in milliseconds. */
  now(): number {
    return this.#world.clock.now()
  }

  addIdentity(options: IdentityOptions = {}): TestIdentity {
    return new TestIdentity(this.#world.addIdentity(options), this.#world.tokens)
  }

  addProject(options: ProjectOptions): TestProject {
    return this.#world.addProject(options)
  }

  /** For the next request that matches. Several wait in line. */
  fault(fault: Fault): void {
    this.#faults.add(fault)
  }

  clearFaults(): void {
    this.#faults.clear()
  }

  /** Off at the start, as on a self-hosted server of today. Setting it forgets what was counted. */
  rateLimit(on: boolean | Partial<Limits>): void {
    this.#rates.set(on)
  }

  /** Everything but GET is refused. */
  maintenance(on: boolean): void {
    this.#world.maintenance = on
  }

  databaseDown(on: boolean): void {
    this.#world.databaseDown = on
  }

  /** What became of a token that this server issued. */
  tokenState(jwt: string): TokenState {
    return this.#world.tokens.state(jwt)
  }

  /** Tokens that are neither revoked nor over. */
  get liveTokens(): number {
    return this.#world.tokens.live()
  }

  get issuedTokens(): number {
    return this.#world.tokens.issued()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }
}

function listener(certificates: Certificates | undefined, answer: RequestListener) {
  if (certificates === undefined) return createServer(answer)
  return createTlsServer({ cert: certificates.certificate, key: certificates.key }, answer)
}

/** What happens with a request, from its arrival to its last byte. */
class Inside {
  readonly world: World
  readonly rates: Rates
  readonly faults = new Faults()
  readonly requests: RecordedRequest[] = []
  readonly #edge: Edge
  readonly #stopping = new AbortController()

  constructor(mode: Mode, still: boolean) {
    this.world = new World(mode, still)
    this.rates = new Rates(this.world.clock, mode)
    this.#edge = new Edge(this.world, this.rates, ROUTES)
  }

  stop(): void {
    this.#stopping.abort()
  }

  readonly listener: RequestListener = (request, response) => {
    this.#serve(request, response).catch((error: unknown) => {
      // A client that went away is none of the server's business; anything else is a mistake in this server.
      if (!response.socket || response.socket.destroyed) return
      response.writeHead(599, { 'content-type': 'text/plain' })
      response.end(`the test server failed: ${error instanceof Error ? error.stack : String(error)}`)
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const record = this.#record(request)
    const fault = this.faults.take(record)
    const requestId = newRequestId()
    const { body, tooLarge } = await this.#body(request)
    record.body = body
    if (fault?.until !== undefined) await Promise.race([fault.until, this.#wait(Number.POSITIVE_INFINITY)])
    else if (fault?.delayMs !== undefined && fault.kind !== 'slow-body') await this.#wait(fault.delayMs)
    else if (fault?.kind === 'slow-headers') await this.#wait(1_000)
    const wire: Wire =
      (fault && replacement(fault, record, this.world.mode, requestId)) ??
      this.#edge.answer({ request, body, tooLarge, requestId })
    record.status = wire.status
    await send(response, wire, fault, (ms) => this.#wait(ms))
  }

  #record(request: IncomingMessage): RecordedRequest {
    const { path, search } = splitUrl(request.url ?? '/')
    const record: RecordedRequest = {
      method: request.method ?? '',
      path,
      url: request.url ?? '',
      query: Object.fromEntries(search),
      headers: request.headers,
      body: '',
      status: 0,
      at: this.world.clock.now(),
    }
    this.requests.push(record)
    return record
  }

  async #body(request: IncomingMessage): Promise<{ body: string; tooLarge: boolean }> {
    try {
      return { body: (await readBody(request)).toString('utf8'), tooLarge: false }
    } catch (error) {
      if (error instanceof Problem) return { body: '', tooLarge: true }
      throw error
    }
  }

  /** Ends early when the server stops, so that nothing is left behind. */
  #wait(ms: number): Promise<void> {
    const { signal } = this.#stopping
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : undefined
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
