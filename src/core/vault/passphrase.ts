import { isUtf8 } from 'node:buffer'
import { err, ok, type Result } from '../result.ts'

const MAX_BYTES = 1024
/** Unpredictable characters that a passphrase needs; a guessable run counts as two at most. */
const ENOUGH = 10

/** Short on purpose: the commonest stems. Longer lists belong to breach services, which tazpod never asks. */
const COMMON = [
  ...[
    'password',
    'passwort',
    'passw0rd',
    'p@ssw0rd',
    'passphrase',
    'letmein',
    'welcome',
    'iloveyou',
    'trustno1',
  ],
  ...[
    'monkey',
    'dragon',
    'master',
    'shadow',
    'sunshine',
    'princess',
    'football',
    'baseball',
    'superman',
    'batman',
  ],
  ...['admin', 'administrator', 'root', 'login', 'secret', 'changeme', 'default', 'guest', 'access', 'hello'],
  ...[
    'terraform',
    'kubernetes',
    'infisical',
    'talos',
    'vault',
    'tazpod',
    'linux',
    'ubuntu',
    'debian',
    'github',
  ],
  ...[
    'correcthorsebatterystaple',
    'correct horse battery staple',
    'lorem ipsum',
    'whatever',
    'starwars',
    'michael',
  ],
]
const KEYBOARD = [
  '1234567890',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'zxcvbnm',
  'yxcvbnm',
  'azertyuiop',
  '1qaz2wsx3edc',
]
const KEYBOARD_RUN = 4
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789' // 32 signs without 0/o and 1/l

/**
 * The bytes that are the passphrase: `typed` without newlines at its ends (a pipe adds one). A view, not a copy:
 * wiping `typed` wipes it. Fails when it is empty, longer than 1024 bytes, not UTF-8, or has control characters.
 */
export function usablePassphrase(typed: Buffer): Result<Buffer> {
  const newline = (byte: number | undefined) => byte === 0x0a || byte === 0x0d
  let start = 0
  let end = typed.length
  while (start < end && newline(typed[start])) start += 1
  while (end > start && newline(typed[end - 1])) end -= 1
  const bytes = typed.subarray(start, end)
  if (bytes.length === 0) return unusable('it is empty')
  if (bytes.length > MAX_BYTES)
    return unusable(`it is ${bytes.length} bytes long, at most ${MAX_BYTES} are allowed`)
  if (!isUtf8(bytes)) return unusable('it is not valid UTF-8; is this the right file?')
  if (bytes.some(isControl)) return unusable('it has control characters (NUL, tab, newline inside …)')
  return ok(bytes)
}

function isControl(byte: number, at: number, bytes: Uint8Array): boolean {
  const c1 = byte >= 0x80 && byte < 0xa0 && bytes[at - 1] === 0xc2 // U+0080 … U+009F
  return byte < 0x20 || byte === 0x7f || c1
}

/**
 * Refuses a passphrase that a guessing program finds early, with the reason. Works on the bytes, so that no
 * unwipeable string of it is made.
 * @param names words that are no secret here (user, project, host): they count as guessable
 */
export function checkStrength(typed: Buffer, names: readonly string[] = []): Result<void> {
  const usable = usablePassphrase(typed)
  if (!usable.ok) return usable
  const lower = Buffer.from(usable.value.map((b) => (b >= 0x41 && b <= 0x5a ? b + 32 : b)))
  const why = weakness(lower, names)
  lower.fill(0)
  return why === undefined ? ok() : err({ reason: 'weak-passphrase', why })
}

function weakness(lower: Buffer, names: readonly string[]): string | undefined {
  const characters = lower.reduce((n, b) => n + (isContinuation(b) ? 0 : 1), 0)
  if (characters < 12)
    return `it has ${characters} characters; 12 are the least, four random words are better`
  const distinct = new Set(lower).size
  if (distinct < 6) return `it has only ${distinct} different characters`
  let surprising = 0
  let reason: string | undefined
  for (let at = 0; at < lower.length; ) {
    const run = guessable(lower, at, names)
    if (run === undefined) {
      surprising += isContinuation(lower[at] ?? 0) ? 0 : 1
      at += 1
    } else {
      surprising += run.worth
      reason ??= run.why
      at += run.length
    }
  }
  return surprising >= ENOUGH
    ? undefined
    : `${reason ?? 'it is too short'}, and too little is left beside that`
}

interface Run {
  length: number
  why: string
  /** As how many unpredictable characters it counts. */
  worth: number
}

/** The longest guessable run that starts at `at`, if there is one. */
function guessable(lower: Buffer, at: number, names: readonly string[]): Run | undefined {
  const own = names.map((n) => n.toLowerCase()).filter((n) => n.length >= 3)
  const runs: (Omit<Run, 'worth'> & Partial<Run>)[] = [
    { length: longestWord(lower, at, own), why: 'it uses the name of the user, the project or the machine' },
    { length: longestWord(lower, at, COMMON), why: 'it is built on a common password' },
    { length: keyboardRun(lower, at), why: 'it follows the keys of a keyboard' },
    { length: steps(lower, at, 0), why: 'it repeats a character', worth: 1 },
    { length: Math.max(steps(lower, at, 1), steps(lower, at, -1)), why: 'it counts or follows the alphabet' },
    { length: repeated(lower, at), why: 'it repeats itself', worth: 0 },
  ]
  const longest = runs.reduce((a, b) => (b.length > a.length ? b : a))
  return longest.length >= 3 ? { worth: 2, ...longest } : undefined
}

function longestWord(lower: Buffer, at: number, words: readonly string[]): number {
  const found = words.map((w) => Buffer.from(w)).filter((w) => lower.subarray(at, at + w.length).equals(w))
  return Math.max(0, ...found.map((w) => w.length))
}

function keyboardRun(lower: Buffer, at: number): number {
  let best = 0
  for (const row of KEYBOARD.flatMap((r) => [r, [...r].reverse().join('')])) {
    for (let from = 0; from < row.length; from += 1) {
      let n = 0
      while (from + n < row.length && lower[at + n] === row.charCodeAt(from + n)) n += 1
      best = Math.max(best, n)
    }
  }
  return best >= KEYBOARD_RUN ? best : 0
}

/** How many characters from `at` on differ from the one before by `step`: aaaa, abcd, 4321. */
function steps(lower: Buffer, at: number, step: number): number {
  let n = 1
  while (at + n < lower.length && (lower[at + n] ?? 0) - (lower[at + n - 1] ?? 0) === step) n += 1
  return n
}

/** How far the text from `at` on repeats what stands before it: the second `wolf9` of `wolf9wolf9`. */
function repeated(lower: Buffer, at: number): number {
  let best = 0
  for (let from = 0; from < at; from += 1) {
    let n = 0
    while (from + n < at && at + n < lower.length && lower[from + n] === lower[at + n]) n += 1
    best = Math.max(best, n)
  }
  return best >= 4 ? best : 0
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0
}

function unusable(why: string): Result<never> {
  return err({ reason: 'bad-passphrase', why })
}

/** A passphrase of 100 random bits: 5 groups of 4 unmistakable signs, such as `k7xm-q2dw-…`. */
export function generatePassphrase(): string {
  const random = crypto.getRandomValues(new Uint8Array(20))
  const signs = [...random].map((byte) => ALPHABET[byte & 31]).join('') // 256 is a multiple of 32: no bias
  random.fill(0)
  return signs.replace(/(.{4})(?=.)/g, '$1-')
}
