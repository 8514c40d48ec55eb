/** IPv4 networks, for the addresses of a castle. */
interface Network {
  /** As a number. */
  base: number
  prefix: number
}

/** `10.0.10.0/24`; undefined when it is none, or when bits below the prefix are set. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', length = ''] = text.split('/')
  const base = parseAddress(address)
  const prefix = /^\d{1,2}$/.test(length) ? Number(length) : 33
  if (base === undefined || prefix > 30 || prefix < 8) return undefined
  return base % 2 ** (32 - prefix) === 0 ? { base, prefix } : undefined
}

export function parseAddress(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

/** The address with this number in the network; undefined outside of it. */
export function host(network: Network, number: number): string | undefined {
  const size = 2 ** (32 - network.prefix)
  return number > 0 && number < size - 1 ? formatAddress(network.base + number) : undefined
}

/** Which number an address has in its network. */
export function hostNumber(address: string, prefix: number): number | undefined {
  const number = parseAddress(address)
  return number === undefined ? undefined : number % 2 ** (32 - prefix)
}
