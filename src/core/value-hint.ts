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
