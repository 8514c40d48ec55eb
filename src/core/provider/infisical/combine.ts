import type { InfisicalProblem } from '../../failure/infisical.ts'
import { err, ok, type Result } from '../../result.ts'
import { isSecretName } from '../../text/secret-name.ts'
import { MAX_VALUE } from '../../vault/document.ts'
import type { InfisicalPath } from './config.ts'
import type { ListedSecret, Listing } from './listing.ts'

/** What one asked folder gave. */
export interface Asked {
  rule: InfisicalPath
  listing: Listing
}

/** What the project needs to know to choose. */
export interface Wanted {
  /** Every name that tazpod.yaml uses. */
  names: Pick<ReadonlySet<string>, 'has'>
  /** Folders that it names for some of them. */
  decided: ReadonlyMap<string, string>
}

/** All folders as one set of names. Values are new Buffers that the receiver zeroes. */
export interface Combined {
  secrets: Map<string, Buffer>
  /** Where each one stands. */
  paths: Map<string, string>
  /** Remarks for a person; names only. */
  notes: string[]
}

/**
 * Puts the folders of a pull together. A name that tazpod.yaml uses must mean one secret: the same one in two
 * folders is refused unless a prefix or the rule's own path decides. What is hidden, too large or holds a NUL byte is
 * refused where it is used; unused it is left out, so that a folder shared with others stays usable.
 */
export function combine(
  asked: readonly Asked[],
  { names, decided }: Wanted,
): Result<Combined, InfisicalProblem> {
  const found = new Map<string, ListedSecret[]>()
  const unusable = new Set<string>()
  const ambiguous: string[] = []
  for (const { rule, listing } of asked) {
    for (const name of listing.unusable) unusable.add(name)
    for (const secret of listing.secrets) {
      const name = `${rule.prefix ?? ''}${secret.name}`
      if (!isSecretName(name)) unusable.add(name)
      else found.set(name, withoutTwins([...(found.get(name) ?? []), secret]))
    }
  }
  const combined: Combined = { secrets: new Map(), paths: new Map(), notes: [] }
  for (const [name, candidates] of found) {
    const chosen = choose(name, candidates, decided.get(name))
    if (!chosen.ok && names.has(name)) return wipeAnd(combined, chosen.error)
    if (!chosen.ok) {
      ambiguous.push(name)
      continue
    }
    const problem = unfit(name, chosen.value)
    if (problem !== undefined && names.has(name)) return wipeAnd(combined, problem)
    if (problem !== undefined || chosen.value === undefined) continue
    combined.secrets.set(name, Buffer.from(chosen.value.value, 'utf8'))
    combined.paths.set(name, chosen.value.path)
    if (names.has(name) && /\$\{[\w.@-]+\}/.test(chosen.value.value))
      combined.notes.push(`${name} holds a reference that the server left as it is ($\{…})`)
  }
  if (unusable.size > 0) combined.notes.push(leftOut('no tazpod.yaml can name them', [...unusable]))
  if (ambiguous.length > 0) combined.notes.push(leftOut('they are in several folders', ambiguous))
  return ok(combined)
}

/** The same folder may be asked twice (`/` with its sub-folders, and one of them). */
function withoutTwins(candidates: ListedSecret[]): ListedSecret[] {
  return [...new Map(candidates.map((one) => [one.path, one])).values()]
}

function choose(
  name: string,
  candidates: readonly ListedSecret[],
  path: string | undefined,
): Result<ListedSecret | undefined, InfisicalProblem> {
  if (path !== undefined) return ok(candidates.find((one) => one.path === path))
  const [first, second] = candidates
  if (first === undefined || second === undefined) return ok(first)
  return err({ kind: 'twice', name, paths: [first.path, second.path] })
}

function unfit(name: string, secret: ListedSecret | undefined): InfisicalProblem | undefined {
  if (secret === undefined) return undefined
  const { value, hidden } = secret
  if (hidden) return { kind: 'hidden', name }
  if (value.includes('\0')) return { kind: 'bad-value', name, why: 'it contains a NUL byte' }
  if (!value.isWellFormed()) return { kind: 'bad-value', name, why: 'it is not valid Unicode' }
  const size = Buffer.byteLength(value)
  if (size > MAX_VALUE)
    return { kind: 'bad-value', name, why: `it has ${size} bytes, and at most ${MAX_VALUE} are handed on` }
  return undefined
}

function wipeAnd(combined: Combined, problem: InfisicalProblem): Result<never, InfisicalProblem> {
  for (const value of combined.secrets.values()) value.fill(0)
  return err(problem)
}

function leftOut(why: string, names: readonly string[]): string {
  const listed = names
    .slice(0, 3)
    .map((name) => JSON.stringify(name.slice(0, 60)))
    .join(', ')
  const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
  return `left out, because ${why}: ${listed}${more}`
}
