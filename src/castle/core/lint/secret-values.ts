/** A piece of a text. */
interface Place {
  at: number
  length: number
}

/**
 * Where a text in code is a secret: by its own form (keys and tokens of known services, a password in an address, a
 * webhook), or by the name beside it and what it looks like, as gitleaks and detect-secrets judge. What is only about a
 * secret (its path, its name, its lifetime), a digest, an id and a placeholder are none. Undefined: nowhere.
 */
export function secretIn(name: string, value: string): Place | undefined {
  const known = [...KNOWN, WEBHOOK].map((pattern) => pattern.exec(value)).find((match) => match !== null)
  if (known) return { at: known.index, length: known[0].length }
  const text = value.trim()
  if (text === '' || isPlaceholder(text)) return undefined
  const inside = credentialsInAddress(value) ?? secretLine(value)
  if (inside !== undefined) return inside
  const words = wordsOf(name)
  if (isDigestName(words)) return undefined
  const key = KEY_OF_32_BYTES.exec(value)
  if (key !== null) return { at: key.index, length: key[0].length }
  return isOpaque(words, text) ? { at: 0, length: value.length } : undefined
}

export function isSecretValue(name: string, value: string): boolean {
  return secretIn(name, value) !== undefined
}

function isOpaque(words: readonly string[], text: string): boolean {
  if (!isSecretWords(words) || text.includes('\n') || isPath(text) || isReferenceLike(text)) return false
  if (isPasswordName(words)) return text.length >= 4
  return text.length >= 8 && !isSlug(text) && entropy(text) >= 2.8
}

/** Whether something of this name holds a secret, and not something about one. */
export function namesSecret(name: string): boolean {
  return isSecretWords(wordsOf(name))
}

/** Whether a name says something about a secret: its path, name, lifetime, form. */
export function isAboutSecret(name: string): boolean {
  return ABOUT.has(wordsOf(name).at(-1) ?? '')
}

/** `dbPassword`, `DB_PASSWORD` and `db-password` → db, password. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

const PASSWORDS = new Set(['password', 'passwd', 'passphrase', 'pwd', 'pass'])
const SECRETS = new Set([
  ...PASSWORDS,
  'secret',
  'token',
  'apikey',
  'credential',
  'credentials',
  'kubeconfig',
  'talosconfig',
])
/** A key is one with one of these before it; `ssh_key`, `public_key` and `host_key` are not. */
const KEYS = new Set([
  'api',
  'secret',
  'access',
  'private',
  'encryption',
  'secretbox',
  'signing',
  'auth',
  'master',
  'account',
  'storage',
])
const ABOUT = new Set(
  `name names path paths file files filename namespace url uri version revision ttl length slug enabled disabled ref
   refs host hosts project validity mode type kind format policy rotation size header headers count expiration expiry
   lifetime duration seconds days algorithm engine store class provider key_name id ids arn prefix suffix label labels
   endpoint region location description template required optional role roles scope scopes method bits user username
   groups group audience issuer env store_name map`.split(/\s+/),
)
const DIGESTS =
  /^(checksum|sha|sha1|sha256|sha512|md5|digest|hash|hashes|fingerprint|thumbprint|schematic|commit|rev|revision|etag|integrity|image|version)$/

function isSecretWords(words: readonly string[]): boolean {
  const last = words.at(-1) ?? ''
  if (ABOUT.has(last) && !(last === 'id' && words.at(-2) === 'client')) return false
  if (last === 'secrets') return true // `external_secrets_repository` is an address of a chart
  if (words.some((word) => SECRETS.has(word))) return !(last === 'key' && words.at(-2) === 'public')
  if (last === 'id') return words.at(-2) === 'client' && words.length > 2
  return last === 'key' && KEYS.has(words.at(-2) ?? '')
}

function isPasswordName(words: readonly string[]): boolean {
  return words.some((word) => PASSWORDS.has(word))
}

function isDigestName(words: readonly string[]): boolean {
  return words.some((word) => DIGESTS.test(word))
}

const KNOWN = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\bAGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{20,}/,
  /\b(?:ghp|gho|ghs|ghu|ghr)_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}/,
  /\bxox[abprs]-[\w-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bhvs\.[\w-]{20,}|\bst\.[0-9a-f]{8}[\w.-]{20,}/,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/,
  /\b[^\s@!="']+@[a-z]+![^\s="']+=[0-9a-f-]{36}\b/,
  /\bsk_(?:live|test)_[A-Za-z0-9]{16,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bAIza[\w-]{35}\b|\bdop_v1_[0-9a-f]{64}\b/,
]
const KEY_OF_32_BYTES = /(?<![A-Za-z0-9+/=:])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])/
const WEBHOOK =
  /hooks\.slack\.com\/services\/\w|discord(?:app)?\.com\/api\/webhooks\/\d|webhook\.office\.com\/webhookb2\/\w|api\.telegram\.org\/bot\d/i

/** `scheme://user:password@host`, where the password stands there and is not put in later. */
function credentialsInAddress(text: string): Place | undefined {
  const found = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:([^\s/@"']+)@/i.exec(text)
  return found === null || isPlaceholder(found[1] ?? '')
    ? undefined
    : { at: found.index, length: found[0].length }
}

/** Lines of a kubeconfig, a .env or a manifest. */
const LINES = [
  /^[ \t]*-?[ \t]*([A-Za-z][\w.-]*)[ \t]*:[ \t]+(["']?)([^\s"'#][^"'\n]*?)\2[ \t]*$/gm,
  /^[ \t]*(?:export[ \t]+)?([A-Z][A-Z0-9_]*)=(["']?)([^\s"'][^"'\n]*?)\2[ \t]*$/gm,
]

/** The first line of a text of several lines that gives a value to a secret. */
function secretLine(text: string): Place | undefined {
  if (!text.includes('\n')) return undefined
  for (const line of LINES)
    for (const match of text.matchAll(line)) {
      const [whole, name = '', , value = ''] = match
      const data = /-data$/.test(name)
      const isKey = /key-data$/.test(name) && value.length > 40 && !isPlaceholder(value)
      if (isKey || (!data && isSecretValue(name, value)))
        return { at: match.index + whole.length - whole.trimStart().length, length: whole.trim().length }
    }
  return undefined
}

/** What stands for a value until somebody puts one in. */
function isPlaceholder(text: string): boolean {
  if (/^[<[{(].*[>\]})]$/.test(text) || /^[*xX.•-]+$/.test(text) || /^[$%]\{?/.test(text)) return true
  if (/\{\{.*\}\}/.test(text)) return true
  if (
    /^(changeme|change[_-]me|todo|fixme|none|null|nil|true|false|dummy|example|redacted|placeholder|unset|empty)$/i.test(
      text,
    )
  )
    return true
  return (
    /(^|[^a-z])(your|my|insert|replace|enter|example|dummy|placeholder)[-_ ]?(own[-_ ])?([a-z]+[-_ ]){0,3}(token|key|secret|password|here|value)?$/i.test(
      text,
    ) && !/\d{3}/.test(text)
  )
}

function isPath(text: string): boolean {
  return (
    /^(~|\.{1,2})?\/\S*$/.test(text) ||
    /^[\w.-]+(\/[\w.-]+)+\.\w+$/.test(text) ||
    /\.(pem|key|pub|crt|json|ya?ml|txt|env|cfg|conf|age|enc)$/i.test(text)
  )
}

/** A name of something in another system: `projects/x/secrets/y`, `arn:…`, `vault:secret/data/x`, `op://…`. */
function isReferenceLike(text: string): boolean {
  return (
    /^(arn:|op:\/\/|vault:|ref\+|projects\/|secret\/|kv\/|ssm:|\/?[\w-]+\/data\/)/.test(text) ||
    /^https?:\/\/[^@]*$/.test(text)
  )
}

/** Words with `-`, `_` or `.` between them and no digits to speak of: the name of a thing. */
function isSlug(text: string): boolean {
  return (
    /^[a-z]+([-_.][a-z]+)*(-?\d{1,2})?$/.test(text) ||
    /^[A-Z]+(_[A-Z]+)*$/.test(text) ||
    /^[A-Za-z]+( [A-Za-z]+)*\.?$/.test(text)
  )
}

/** Bits for each character (Shannon): English words have about 3, random letters and digits 4 and more. */
function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
