/** Frames that no client sends, from a generator whose seed is printed when something fails. */
import { connect } from 'node:net'

/** Repeatable random numbers (mulberry32). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % bound
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }
}

/** A frame with its header. */
export function frame(type: number, body: Uint8Array, version = 4, length = body.length): Buffer {
  const header = Buffer.from([0x54, 0x5a, version, type, 0, 0, 0, 0])
  header.writeUInt32LE(length, 4)
  return Buffer.concat([header, body])
}

/** `u16 length, bytes`. */
export function str(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length & 255, bytes.length >> 8]), bytes])
}

export function execFrame(command: string, only: readonly string[] = []): Buffer {
  const names = only.map(str)
  return frame(3, Buffer.concat([Buffer.alloc(41), str(command), Buffer.from([only.length, 0]), ...names]))
}

const BOUNDARY = [0, 1, 2, 127, 128, 200, 201, 254, 255]

/** One of many ways to break `good`. */
export function broken(chance: Chance, good: Buffer): Buffer {
  const bytes = Buffer.from(good)
  const at = (): number => chance.below(bytes.length)
  switch (chance.below(6)) {
    case 0:
      return bytes.subarray(0, at())
    case 1:
      return Buffer.concat([bytes, chance.bytes(1 + chance.below(40))])
    case 2:
      for (let n = chance.below(6); n >= 0; n--) bytes[at()] = chance.below(256)
      return bytes
    case 3:
      for (let n = chance.below(3); n >= 0; n--) bytes[at()] = chance.pick(BOUNDARY)
      return bytes
    case 4: {
      const from = at()
      bytes.copyWithin(at(), from, from + chance.below(20)) // a piece of it somewhere else
      return bytes
    }
    default:
      bytes.writeUInt32LE(chance.pick([0, 1, 65_535, 65_536, 65_537, 67_108_864, 67_108_865, 0xffffffff]), 4)
      return bytes
  }
}

/** What is done with the connection after the bytes. */
export type Manner = 'close' | 'half-close' | 'slowly' | 'unread' | 'wait'
export const MANNERS: readonly Manner[] = ['close', 'half-close', 'half-close', 'slowly', 'unread', 'wait']

/** Sends the bytes in this manner; resolves, whatever happens to the connection, when it is over or `patience` ms old. */
export function send(socketPath: string, bytes: Buffer, manner: Manner, patience = 300): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const timer = setTimeout(() => socket.destroy(), patience)
    socket.on('error', () => undefined) // refused and cut off is what may happen here
    socket.on('close', () => {
      clearTimeout(timer)
      resolve()
    })
    if (manner !== 'unread') socket.on('data', () => undefined)
    socket.on('connect', () => {
      if (manner === 'slowly') return dribble(bytes, 0)
      socket.write(bytes, () => {
        if (manner === 'close') socket.destroy()
        if (manner === 'half-close') socket.end()
      })
    })
    const dribble = (rest: Buffer, sent: number): void => {
      if (socket.destroyed) return
      if (rest.length === 0 || sent > 40) socket.end(rest)
      else socket.write(rest.subarray(0, 3), () => setImmediate(dribble, rest.subarray(3), sent + 1))
    }
  })
}
