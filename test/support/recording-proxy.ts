import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** One request through the proxy: where it went, and what its headers gave away. TLS shows only the host. */
export interface Seen {
  target: string
  method: string
  path: string
  authorization: boolean
}

/** A forward proxy on loopback that notes everything: what a program sends through it, it sends nowhere else. */
export class RecordingProxy implements AsyncDisposable {
  readonly seen: Seen[] = []
  readonly #server = createServer((incoming, answer) => this.#pass(incoming, answer))
  readonly #sockets = new Set<Socket>()

  static async start(): Promise<RecordingProxy> {
    const proxy = new RecordingProxy()
    proxy.#server.on('connect', (incoming, socket: Socket) => proxy.#tunnel(incoming, socket))
    proxy.#server.on('connection', (socket) => proxy.#sockets.add(socket))
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #pass(incoming: IncomingMessage, answer: ServerResponse): void {
    const url = new URL(incoming.url ?? '')
    const { method = '', headers } = incoming
    const authorization = headers.authorization !== undefined
    this.seen.push({ target: url.host, method, path: url.pathname, authorization })
    const outgoing = request(url, { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(answer)
    })
    outgoing.on('error', () => answer.destroy())
    incoming.pipe(outgoing)
  }

  #tunnel(incoming: IncomingMessage, socket: Socket): void {
    const target = incoming.url ?? ''
    this.seen.push({ target, method: 'CONNECT', path: '', authorization: false })
    const { hostname, port } = new URL(`tcp://${target}`)
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    this.#sockets.add(onward)
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
