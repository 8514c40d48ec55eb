import { randomUUID } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import { askLine, hasTerminal } from '../../adapters/terminal/terminal.ts'
import type { StoringProvider } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { show } from '../../core/text/show.ts'
import {
  foldersWith,
  readExisting,
  readText,
  resolved,
  whatIsAt,
  writeLink,
  writeText,
} from '../adapters/files.ts'
import {
  type AnswerName,
  type Answers,
  ASKED_FOR_COPY,
  answerProblem,
  copiedTopology,
  QUESTIONS,
  readAnswers,
  topologyOf,
} from '../core/answers.ts'
import { lineDiff } from '../core/diff.ts'
import { type KnownCastle, overlaps } from '../core/overlap.ts'
import { newRecord, parseRecord, RECORD_NAME } from '../core/record.ts'
import { type ScaffoldFile, scaffold } from '../core/scaffold/files.ts'
import { CASTLE_NAME_RULE, isCastleName, type Topology } from '../core/topology.ts'
import { copyOf } from './copy.ts'
import { readKnown } from './record.ts'

export { QUESTIONS } from '../core/answers.ts'

interface NewOptions {
  name: string
  /** The folder in which castles lie side by side, absolute. */
  parent: string
  /** Another castle: its name beside the new one, or a path. */
  from: string | undefined
  /** What flags say. */
  given: Partial<Answers>
  answersFile: string | undefined
  provider: StoringProvider
  force: boolean
  nonInteractive: boolean
  say: (line: string) => void
}

interface Scaffolded {
  castle: string
  folder: string
  written: string[]
  unchanged: string[]
  nodes: { name: string; ip: string; vm_id: number; role: string }[]
  endpoint: string
  /** Of a copy: how it differs from its original, and the lines that still speak of that. */
  diff: string[]
  leftovers: string[]
}

/**
 * Makes the folder of a castle. Nothing is written unless all of it can be: an existing file that differs, or
 * anything that another castle has, ends it before.
 * Failures: usage, config-invalid, castle-data, castle-refused, castle-exists, no-terminal, interrupted, io.
 */
export async function newCastle(options: NewOptions): Promise<Result<Scaffolded>> {
  const { name, parent, provider } = options
  if (!isCastleName(name))
    return err({ reason: 'usage', message: `${show(name)} can't name a castle: ${CASTLE_NAME_RULE}` })
  const from = options.from === undefined ? ok(undefined) : await source(options.from, parent)
  if (!from.ok) return from
  const topology = await decide(options, from.value)
  if (!topology.ok) return topology
  const folder = join(parent, name)
  const record = await recordFor(folder, name, from.value?.record.provider ?? provider)
  if (!record.ok) return record
  const mine: KnownCastle = {
    folder,
    record: record.value,
    topology: topology.value,
    state: await resolved(resolve(folder, record.value.state)),
  }
  const clear = await refuseOverlap(mine, parent, from.value)
  if (!clear.ok) return clear
  const fresh = { files: scaffold(record.value, topology.value), diff: [], leftovers: [] }
  const made = from.value === undefined ? ok(fresh) : await copyOf(from.value, mine)
  if (!made.ok) return made
  const { files, diff, leftovers } = made.value
  const planned = await plan(folder, files, options.force, name)
  if (!planned.ok) return planned
  const written = await write(folder, planned.value)
  if (!written.ok) return written
  return ok({
    castle: name,
    folder,
    written: planned.value.map(({ path }) => path),
    unchanged: files.filter((file) => !planned.value.includes(file)).map(({ path }) => path),
    nodes: Object.entries(topology.value.nodes).map(([node, { ip, vm_id, role }]) => ({
      name: node,
      ip,
      vm_id,
      role,
    })),
    endpoint: topology.value.cluster_endpoint,
    diff,
    leftovers,
  })
}

function source(from: string, parent: string): Promise<Result<KnownCastle>> {
  return readKnown(isCastleName(from) ? join(parent, from) : resolve(parent, from))
}

/** A castle that has a record keeps it: its life and its key are history, not a template. */
async function recordFor(folder: string, name: string, provider: StoringProvider) {
  const path = join(folder, RECORD_NAME)
  const there = await readText(path)
  if (!there.ok) return there
  return there.value === undefined
    ? ok(newRecord(name, provider, new Date().toISOString(), randomUUID()))
    : parseRecord(there.value, path)
}

async function decide(options: NewOptions, from: KnownCastle | undefined): Promise<Result<Topology>> {
  const file = await fromFile(options)
  if (!file.ok) return file
  const wanted = from === undefined ? QUESTIONS.map(({ name }) => name) : ASKED_FOR_COPY
  const answers = await complete({ ...file.value, ...options.given }, wanted, options)
  if (!answers.ok) return answers
  return from === undefined
    ? topologyOf(options.name, answers.value as Answers)
    : copiedTopology(options.name, from.topology, answers.value as Answers)
}

async function fromFile({ answersFile }: NewOptions): Promise<Result<Partial<Answers>>> {
  if (answersFile === undefined) return ok({})
  const bytes = await readExisting(answersFile)
  return bytes.ok ? readAnswers(bytes.value, answersFile) : bytes
}

/** Checks what is given and asks for the rest, where somebody can be asked. */
async function complete(
  given: Partial<Answers>,
  wanted: readonly AnswerName[],
  { nonInteractive, say }: NewOptions,
): Promise<Result<Partial<Answers>>> {
  const answers: Partial<Answers> = {}
  const missing: string[] = []
  for (const { name, flag, question, fallback } of QUESTIONS) {
    let value = given[name]
    if (value === undefined && !wanted.includes(name)) continue
    if (value === undefined && (nonInteractive || !hasTerminal())) value = fallback
    if (value === undefined && (nonInteractive || !hasTerminal())) {
      missing.push(`--${flag}`)
      continue
    }
    if (value === undefined) {
      const asked = await ask(say, name, question, fallback)
      if (!asked.ok) return asked
      value = asked.value
    }
    const why = answerProblem(name, value)
    if (why !== undefined) return err({ reason: 'usage', message: why })
    answers[name] = value
  }
  if (missing.length === 0) return ok(answers)
  return err({
    reason: 'usage',
    message: `still to decide: ${missing.join(', ')}`,
    next: 'the same command with them, or with --answers FILE, or in a terminal',
  })
}

async function ask(
  say: NewOptions['say'],
  name: AnswerName,
  question: string,
  fallback?: string,
): Promise<Result<string>> {
  for (let tries = 1; ; tries++) {
    const typed = await askLine(`${question}${fallback === undefined ? ':' : ` [${fallback}]:`}`)
    if (!typed.ok) return typed
    const value = typed.value === '' && fallback !== undefined ? fallback : typed.value
    const why = answerProblem(name, value)
    if (why === undefined) return ok(value)
    if (tries === 3) return err({ reason: 'usage', message: why })
    say(why)
  }
}

async function refuseOverlap(
  mine: KnownCastle,
  parent: string,
  from: KnownCastle | undefined,
): Promise<Result<void>> {
  const folders = new Set([...(await foldersWith(parent, RECORD_NAME)), ...(from ? [from.folder] : [])])
  folders.delete(mine.folder)
  const others: KnownCastle[] = []
  for (const folder of folders) {
    const other = await readKnown(folder)
    if (!other.ok) return other // one that can't be read could have anything
    others.push(other.value)
  }
  const problems = overlaps(mine, others)
  if (problems.length === 0) return ok()
  return err({ reason: 'castle-refused', why: `two castles share nothing, but ${problems.join('; ')}` })
}

/** The record and the placeholder of secrets are never replaced, not even with --force. */
const KEPT = [RECORD_NAME, 'secrets.auto.tfvars']

async function plan(
  folder: string,
  files: readonly ScaffoldFile[],
  force: boolean,
  name: string,
): Promise<Result<ScaffoldFile[]>> {
  const todo: ScaffoldFile[] = []
  const conflicts: string[] = []
  const diff: string[] = []
  for (const file of files) {
    const there = await whatIsAt(join(folder, file.path))
    if (!there.ok) return there
    const { link, text } = there.value
    const now = file.link ? (link === undefined ? undefined : Buffer.from(link)) : text
    if (now === undefined && link === undefined && text === undefined) todo.push(file)
    else if (now?.equals(Buffer.from(file.content)) !== true && !KEPT.includes(file.path)) {
      todo.push(file)
      conflicts.push(file.path)
      const before = now?.toString('utf8') ?? `(a link to ${link ?? '?'})`
      diff.push(`${file.path}`, ...lineDiff(before, file.content.toString('utf8')))
    }
  }
  if (conflicts.length === 0 || force) return ok(todo)
  return err({
    reason: 'castle-exists',
    files: conflicts,
    diff: diff.join('\n'),
    next: `tazpod castle new ${name} --force   (replaces them)`,
  })
}

async function write(folder: string, files: readonly ScaffoldFile[]): Promise<Result<void>> {
  for (const file of files) {
    const path = join(folder, file.path)
    const inside = await resolved(dirname(path))
    const root = await resolved(folder)
    if (inside !== root && !inside.startsWith(`${root}/`))
      return err({ reason: 'unsafe-file', path, why: 'a symbolic link leads out of the castle' })
    const written = file.link
      ? await writeLink(path, file.content.toString('utf8'))
      : await writeText(path, Buffer.from(file.content), file.private ? 0o600 : 0o644)
    if (!written.ok) return written
  }
  return ok()
}
