const BEGIN = Buffer.from('-----BEGIN ')
const OPENSSH = '-----BEGIN OPENSSH PRIVATE KEY-----'

/**
 * What is likely to break later about a value that looks like a key or a certificate, and the command that makes it
 * right; undefined where nothing shows. The value itself is kept as it is. `name`: the secret's.
 */
export function valueHint(name: string, value: Buffer): string | undefined {
  const start = value.findIndex((byte) => byte > 0x20)
  if (start === -1 || !value.subarray(start, start + BEGIN.length).equals(BEGIN)) return undefined
  const again = (filter: string) =>
    `tazpod vault get --reveal ${name} | ${filter} | tazpod vault set ${name} --force`
  if (!value.includes('\n') && value.includes('\\n')) {
    return `${name} has \\n typed into it where a key has line ends; to put them in: ${again("sed 's/\\\\n/\\n/g'")}`
  }
  if (value.includes('\r\n') && value.includes('PRIVATE KEY-----')) {
    return `${name} has the line ends of Windows (CR LF), with which ssh takes no key; to take them off: ${again("tr -d '\\r'")}`
  }
  // ssh-keygen 9.2: 'Load key "k": error in libcrypto'. PEM files of other kinds are read without it.
  if (value.includes(OPENSSH) && value.at(-1) !== 0x0a) {
    return `${name} has no newline at its end, without which ssh takes no key; to add it: ${again("sed '$a\\'")}`
  }
  return undefined
}

/** Keys and tokens of one line, of which a newline is never a part: what takes them says "malformed". */
const TOKENS: readonly (readonly [what: string, form: RegExp])[] = [
  ['32 bytes in base64', /^[A-Za-z0-9+/]{43}=$/],
  ['an API token of Proxmox', /^[^\s@!=]+@[^\s@!=]+![^\s@!=]+=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
  ['an age identity', /^AGE-SECRET-KEY-(PQ-)?1[A-Z0-9]{58,}$/],
  ['a token of GitHub', /^(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,})$/],
  ['a token of GitLab', /^glpat-[\w.-]{20,}$/],
  ['a token of Infisical', /^st\.[\w.-]{40,}$/],
  ['a UUID', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
]

/**
 * What a value is that stands alone on its line, where the line end can only have come from the pipe (`openssl rand
 * -base64 32 |`); undefined where it might belong to it.
 */
export function lineEndOfToken(value: Buffer): { what: string; bytes: number } | undefined {
  const bytes = value.at(-1) !== 0x0a ? 0 : value.at(-2) === 0x0d ? 2 : 1
  if (bytes === 0 || value.length > 512) return undefined
  const line = value.toString('latin1', 0, value.length - bytes)
  const found = TOKENS.find(([, form]) => form.test(line))
  return found && { what: found[0], bytes }
}
