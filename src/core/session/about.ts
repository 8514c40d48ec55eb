/**
 * Name of the entry that says what the session knows of its secrets without their values. The one internal entry that is
 * shown without a proof (PROTOCOL.md, GET).
 */
export const ABOUT_ENTRY = '@about'

/** About a value, without the value. */
export interface AboutSecret {
  /** When it was last changed, ISO 8601; absent where the provider does not say. */
  updated?: string
  /** Absent for what is not used here, and so was not kept. */
  bytes?: number
  /** Equal for equal values of one vault, and meaningless without that vault's key. */
  fingerprint?: string
}

/** What the last pull found. */
export interface About {
  secrets: ReadonlyMap<string, AboutSecret>
  /** Of the machine identity's session. */
  token?: AboutToken
}

interface AboutToken {
  /** Unix ms. */
  endsAt: number
  /** Seconds. */
  lifetime: number
}

/** As text, which the entry holds compressed. */
export function encodeAbout({ secrets, token }: About): Buffer {
  return Buffer.from(JSON.stringify({ secrets: [...secrets], token }))
}

/** The same with nothing but the names: for thousands of secrets. */
export function namesAlone({ secrets, ...about }: About): About {
  return { ...about, secrets: new Map([...secrets.keys()].map((name) => [name, {}])) }
}

/** Undefined: not what this version writes. */
export function parseAbout(bytes: Buffer): About | undefined {
  try {
    const { secrets, token } = JSON.parse(bytes.toString('utf8')) as {
      secrets: [string, AboutSecret][]
      token?: AboutToken
    }
    return Array.isArray(secrets) ? { secrets: new Map(secrets), ...(token && { token }) } : undefined
  } catch {
    return undefined
  }
}
