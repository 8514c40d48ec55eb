/** Shorter ones are found everywhere: hiding them would hide the output. Bytes. */
const SHORTEST = 8
/** A line of a value of several lines; shorter ones (`kind: Config`) tell nothing. Bytes. */
const SHORTEST_LINE = 24

interface Needle {
  name: string
  bytes: Buffer
}

/** One stream of output from which values are taken out. */
export interface HidingStream {
  /** What may be shown now: what could be the beginning of a value is kept back. */
  take(chunk: Buffer): Buffer
  /** What was kept back. */
  rest(): Buffer
}

/**
 * Secrets that a program was given and must not show: as they are, as a string of JSON or HCL, in base64, and line by
 * line. The values are copied; the caller ends with `wipe`.
 */
export class HiddenValues {
  readonly #needles: Needle[]
  readonly #seen = new Map<string, number>()

  constructor(values: Iterable<readonly [name: string, value: Buffer]>) {
    const needles = [...values].flatMap(([name, value]) => formsOf(value).map((bytes) => ({ name, bytes })))
    this.#needles = needles.sort((a, b) => b.bytes.length - a.bytes.length)
  }

  /** How often each was found, by name. */
  get seen(): ReadonlyMap<string, number> {
    return this.#seen
  }

  /** The output of one descriptor. */
  stream(): HidingStream {
    let kept: Buffer = Buffer.alloc(0)
    return {
      take: (chunk) => {
        const data = kept.length === 0 ? chunk : Buffer.concat([kept, chunk])
        const { shown, from } = this.#hide(data)
        const held = this.#beginning(data, from)
        kept.fill(0)
        kept = Buffer.from(data.subarray(data.length - held))
        return Buffer.concat([...shown, data.subarray(from, data.length - held)])
      },
      rest: () => {
        const last = kept
        kept = Buffer.alloc(0)
        return last
      },
    }
  }

  /** The same for a whole text. */
  text(text: string): string {
    const stream = this.stream()
    return Buffer.concat([stream.take(Buffer.from(text)), stream.rest()]).toString('utf8')
  }

  wipe(): void {
    for (const { bytes } of this.#needles) bytes.fill(0)
    this.#needles.length = 0
  }

  #hide(data: Buffer): { shown: Buffer[]; from: number } {
    const shown: Buffer[] = []
    let from = 0
    for (;;) {
      let found: Needle | undefined
      let at = data.length
      for (const needle of this.#needles) {
        const place = data
          .subarray(0, Math.min(data.length, at + needle.bytes.length))
          .indexOf(needle.bytes, from)
        if (place >= 0 && place < at) [found, at] = [needle, place]
      }
      if (found === undefined) return { shown, from }
      this.#seen.set(found.name, (this.#seen.get(found.name) ?? 0) + 1)
      shown.push(data.subarray(from, at), Buffer.from(`(hidden: ${found.name})`))
      from = at + found.bytes.length
    }
  }

  /** How many bytes at the end could be the beginning of a value. */
  #beginning(data: Buffer, from: number): number {
    const longest = Math.min(
      data.length - from,
      Math.max(0, ...this.#needles.map(({ bytes }) => bytes.length - 1)),
    )
    for (let length = longest; length > 0; length--) {
      const end = data.subarray(data.length - length)
      if (this.#needles.some(({ bytes }) => bytes.length > length && bytes.subarray(0, length).equals(end)))
        return length
    }
    return 0
  }
}

function formsOf(value: Buffer): Buffer[] {
  const bare = value.at(-1) === 0x0a ? value.subarray(0, -1) : value
  const text = bare.toString('utf8')
  const lines = text.includes('\n') ? text.split(/\r?\n/).map((line) => line.trim()) : []
  const forms = [
    Buffer.from(bare),
    Buffer.from(JSON.stringify(text).slice(1, -1)),
    Buffer.from(value.toString('base64')),
    ...lines.filter((line) => line.length >= SHORTEST_LINE).map((line) => Buffer.from(line)),
  ]
  const long = forms.filter((form) => form.length >= SHORTEST)
  return long.filter((form, index) => long.findIndex((other) => other.equals(form)) === index)
}
