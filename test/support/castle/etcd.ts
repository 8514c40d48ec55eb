import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Writes values into a real etcd, as an API server would, and returns its snapshot: what `etcdctl snapshot save`
 * writes. etcd answers JSON over HTTP, so that no client is needed. `change` runs against the living server.
 */
export async function etcdSnapshot(change: (etcd: Etcd) => Promise<void>): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'tz-etcd-'))
  const [client, peer] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${client}`
  const args = [
    ...['--data-dir', folder, '--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', `http://127.0.0.1:${peer}`, '--log-level', 'error'],
    ...['--initial-advertise-peer-urls', `http://127.0.0.1:${peer}`],
    ...['--initial-cluster', `default=http://127.0.0.1:${peer}`],
  ]
  const server = spawn('etcd', args, { stdio: 'ignore' })
  const ended = new Promise((resolve) => server.once('close', resolve))
  try {
    const etcd = new Etcd(url)
    await etcd.ready()
    await change(etcd)
    return await etcd.snapshot()
  } finally {
    server.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

export class Etcd {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async ready(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const answer = await fetch(`${this.#url}/health`).catch(() => undefined)
      if (answer?.ok && (await answer.text()).includes('true')) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error('etcd does not answer')
  }

  async put(key: string, value: Uint8Array | string): Promise<void> {
    await this.#call('kv/put', { key: base64(key), value: base64(value) })
  }

  async delete(key: string): Promise<void> {
    await this.#call('kv/deleterange', { key: base64(key) })
  }

  /** The answer of `etcdctl get KEY -w json`. */
  async get(key: string): Promise<string> {
    return this.#call('kv/range', { key: base64(key) })
  }

  async snapshot(): Promise<Buffer> {
    const lines = (await this.#call('maintenance/snapshot', {})).split('\n').filter((line) => line !== '')
    return Buffer.concat(lines.map((line) => Buffer.from(JSON.parse(line).result.blob ?? '', 'base64')))
  }

  async #call(path: string, body: object): Promise<string> {
    const answer = await fetch(`${this.#url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`etcd ${path}: ${text}`)
    return text
  }
}

function base64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes as string).toString('base64')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
