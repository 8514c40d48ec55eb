import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Connection {
  host: string
  port: number
  pid: number
}

const PRELOAD = new URL('./connections-preload.mjs', import.meta.url)

/**
 * Writes down every connection that a program opens, whatever it is opened with (fetch, http, TLS), and refuses those
 * that would leave this machine: so a test can prove that no request went to another host. It watches this process,
 * and each one that is started with `env`.
 */
export class ConnectionLog implements Disposable {
  readonly #folder: string
  readonly #file: string
  readonly #before = process.env.TZ_TEST_CONNECTIONS

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'tz-connections-'))
    this.#file = join(this.#folder, 'log')
    writeFileSync(this.#file, '')
    // The child may be another user's.
    chmodSync(this.#folder, 0o755)
    chmodSync(this.#file, 0o666)
    process.env.TZ_TEST_CONNECTIONS = this.#file
  }

  static async start(): Promise<ConnectionLog> {
    await import(PRELOAD.href)
    return new ConnectionLog()
  }

  /** For a child process. */
  get env(): { NODE_OPTIONS: string; TZ_TEST_CONNECTIONS: string } {
    return { NODE_OPTIONS: `--import=${fileURLToPath(PRELOAD)}`, TZ_TEST_CONNECTIONS: this.#file }
  }

  all(): Connection[] {
    const lines = readFileSync(this.#file, 'utf8').split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line) as Connection)
  }

  /** What went anywhere else than to these servers. A test wants none. */
  elsewhere(...servers: readonly { origin: string }[]): Connection[] {
    const known = servers.map(({ origin }) => new URL(origin).host)
    return this.all().filter(({ host, port }) => !known.includes(`${host}:${port}`))
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) delete process.env.TZ_TEST_CONNECTIONS
    else process.env.TZ_TEST_CONNECTIONS = this.#before
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
