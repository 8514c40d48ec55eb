import { createHash, createHmac, randomBytes } from 'node:crypto'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { inWorkTree, trackedFiles } from '../../adapters/files/git.ts'
import { identitiesIn } from '../../adapters/sops/open.ts'
import { readText, writeText } from '../../castle/adapters/files.ts'
import { oneSecret } from '../../castle/app/guard.ts'
import type { SecretStore } from '../../castle/app/store.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type Migrated, nameValues } from '../../core/sops/names.ts'
import { AGE_KEY } from '../../core/sops/tree.ts'
import { formatJournal, JOURNAL, type Journal, type JournalFile, parseJournal } from '../core/journal.ts'
import { GIVE_KEYS } from '../core/keys.ts'
import type { ByHand } from '../core/references.ts'
import {
  type Inventory,
  type OpenedFile,
  openAll,
  takeInventory,
  type UnreadFile,
  wipeOpened,
} from './inventory.ts'
import { findReferences, type References } from './references.ts'

export interface SopsReport {
  step: 'plan' | 'apply' | 'verify' | 'finish'
  /** `by`: what opens it. `version`: of the SOPS that wrote it, where the file says so. */
  files: { path: string; format: string; by: string; version?: string; values: number }[]
  /** Files that nobody here can open, and why. The others go on. */
  unread: UnreadFile[]
  values: { name: string; file: string; place: string; bytes: number; state: ValueState }[]
  collisions: string[]
  changes: string[]
  byHand: ByHand[]
  /** Lines for `values:` of the bind in tazpod.yaml. */
  binds: string[]
  deleted: string[]
  /** Values that git's history keeps: to be changed where they are used. */
  rotate: { name: string; file: string; inGit: boolean }[]
  /** Nothing of SOPS is left. */
  done: boolean
}

type ValueState = 'new' | 'same' | 'differs' | 'created' | 'updated' | 'verified'

interface SopsOptions {
  folder: string
  /** From the environment; one in the store (SOPS_AGE_KEY) is used as well. */
  identities: readonly Buffer[]
  /** Replace values that the store has under a name already. */
  overwrite: boolean
}

/** The store's secret that keys the hashes of the journal. */
const HASH_KEY = 'MIGRATE_SOPS_KEY'

interface Work {
  store: SecretStore
  options: SopsOptions
  inventory: Inventory
  opened: OpenedFile[]
  unread: UnreadFile[]
  values: Migrated[]
  collisions: string[]
  journal: Journal
}

/** Looks, decrypts in memory, and says what would happen. Writes nothing. */
export function planSops(store: SecretStore, options: SopsOptions): Promise<Result<SopsReport>> {
  return withWork(store, options, async (work) => {
    const states = await statesOf(work)
    if (!states.ok) return states
    const journal = { files: journalOf(work, Buffer.alloc(32)) }
    const references = await findReferences(work.inventory.others, journal.files)
    return ok(report('plan', work, states.value, references))
  })
}

/** Puts every value into the store. Resumable: what is there already is left alone. */
export function applySops(store: SecretStore, options: SopsOptions): Promise<Result<SopsReport>> {
  return withWork(store, options, async (work) => {
    const states = await statesOf(work)
    if (!states.ok) return states
    const known = new Set(work.journal.files.flatMap(({ values }) => values.map(({ name }) => name)))
    const foreign = work.values.find(({ name }) => states.value.get(name) === 'differs' && !known.has(name))
    if (foreign !== undefined && !options.overwrite)
      return err({
        reason: 'castle-refused',
        why: `${store.label} has another value under ${foreign.name} than ${foreign.file} (${foreign.place}); nothing was written`,
        next: 'the same with --overwrite, if the file is right',
      })
    const key = await hashKey(store)
    if (!key.ok) return key
    const outcome = new Map<string, ValueState>()
    for (const { name, value } of work.values) {
      const done = await store.upsert(name, value)
      if (!done.ok) return done
      if (!outcome.has(name) || done.value !== 'same') outcome.set(name, done.value)
    }
    const written = await writeJournal(work, journalOf(work, key.value))
    key.value.fill(0)
    return written.ok ? ok(report('apply', work, outcome)) : written
  })
}

/** Compares what the store gives back with the files, value by value. */
export function verifySops(store: SecretStore, options: SopsOptions): Promise<Result<SopsReport>> {
  return withWork(store, options, async (work) => {
    const verified = await verify(work)
    return verified.ok ? ok(report('verify', work, verified.value)) : verified
  })
}

/**
 * Rewrites what reads the files, and deletes them, after everything was verified in this very run. Resumable at any
 * point: a file that is gone was verified before, and a rewritten one has nothing left to rewrite.
 */
export function finishSops(store: SecretStore, options: SopsOptions): Promise<Result<SopsReport>> {
  return withWork(store, options, async (work) => {
    if (work.unread.length > 0)
      return err({
        reason: 'castle-refused',
        why: `${work.unread.length === 1 ? 'one file is' : `${work.unread.length} files are`} not read yet, and their values would be lost; nothing was deleted:\n${work.unread
          .slice(0, 10)
          .map(({ path, why }) => `${path} ${why}`)
          .join('\n')}`,
        next: GIVE_KEYS,
      })
    const verified = await verify(work)
    if (!verified.ok) return verified
    const references = await findReferences(work.inventory.others, work.journal.files)
    if (references.byHand.length > 0) {
      const places = references.byHand
        .slice(0, 10)
        .map(({ path, line, what }) => `${path}:${line}: ${what.slice(0, 80)}`)
      return err({
        reason: 'castle-refused',
        why: `these still read SOPS files and have to be changed by hand; nothing was deleted:\n${places.join('\n')}`,
        next: 'change them, then tazpod migrate sops --finish',
      })
    }
    for (const { path, text } of references.files) {
      const written = await writeText(join(options.folder, path), Buffer.from(text))
      if (!written.ok) return written
    }
    const deleted = await removeFiles(work)
    return deleted.ok
      ? ok({ ...(await finished(work, verified.value, references)), deleted: deleted.value })
      : deleted
  })
}

async function finished(
  work: Work,
  states: Map<string, ValueState>,
  references: References,
): Promise<SopsReport> {
  const inGit = (await inWorkTree(work.options.folder))
    ? new Set(await trackedFiles(work.options.folder))
    : new Set()
  const rotate = work.journal.files.flatMap(({ path, values }) =>
    values.map(({ name }) => ({ name, file: path, inGit: inGit.has(path) })),
  )
  return { ...report('finish', work, states, references), rotate, done: true }
}

/** Each file only if it is still, byte for byte, the one that was verified. */
async function removeFiles({ inventory, journal, options }: Work): Promise<Result<string[]>> {
  const deleted: string[] = []
  for (const { path } of inventory.sops) {
    const file = join(options.folder, path)
    const now = await readText(file)
    if (!now.ok) return now
    const sha256 = now.value && createHash('sha256').update(now.value).digest('hex')
    const known = journal.files.find((one) => one.path === path)
    if (now.value === undefined) continue
    if (known?.state !== 'verified' || known.sha256 !== sha256)
      return err({ reason: 'castle-refused', why: `${path} changed meanwhile; it was kept`, next: AGAIN })
    const gone = await remove(file)
    if (!gone.ok) return gone
    deleted.push(path)
  }
  for (const path of inventory.rules) {
    const gone = await remove(join(options.folder, path))
    if (!gone.ok) return gone
    deleted.push(path)
  }
  return ok(deleted)
}

const AGAIN = 'tazpod migrate sops --apply'

async function remove(path: string): Promise<Result<void>> {
  return unlink(path).then(
    () => ok(),
    (error: NodeJS.ErrnoException) =>
      err({ reason: 'io', action: 'delete', path, code: error.code ?? 'EIO' } as const),
  )
}

/** Every value of the files and of the journal, against the store. Files that are not in the journal end it. */
async function verify(work: Work): Promise<Result<Map<string, ValueState>>> {
  const key = await hashKey(work.store)
  if (!key.ok) return key
  const verified = await verifyUnder(key.value, work)
  key.value.fill(0)
  return verified
}

async function verifyUnder(key: Buffer, work: Work): Promise<Result<Map<string, ValueState>>> {
  const { store, journal, opened } = work
  const states = new Map<string, ValueState>()
  const current = journalOf(work, key)
  for (const { path, sha256 } of opened) {
    const known = journal.files.find((one) => one.path === path)
    if (known?.sha256 !== sha256)
      return err({
        reason: 'castle-refused',
        why: known === undefined ? `${path} was not migrated yet` : `${path} changed since it was migrated`,
        next: AGAIN,
      })
  }
  const all = [...journal.files.filter(({ path }) => !current.some((one) => one.path === path)), ...current]
  for (const { path, values } of all) {
    for (const { name, place, hash } of values) {
      const value = await store.read(name)
      if (!value.ok) return value
      const same = value.value !== undefined && hashOf(key, value.value) === hash
      value.value?.fill(0)
      if (!same)
        return err({
          reason: 'castle-refused',
          why: `${name} in ${store.label} is not what ${path} holds (${place}); nothing was deleted`,
          next: AGAIN,
        })
      states.set(name, 'verified')
    }
  }
  const written = await writeJournal(
    work,
    all.map((file) => ({ ...file, state: 'verified' as const })),
  )
  return written.ok ? ok(states) : written
}

function hashKey(store: SecretStore): Promise<Result<Buffer>> {
  return oneSecret(store, HASH_KEY, () => Buffer.from(randomBytes(32).toString('hex')))
}

function hashOf(key: Buffer, value: Buffer): string {
  return createHmac('sha256', key).update(value).digest('hex')
}

function journalOf({ opened, values }: Work, key: Buffer): JournalFile[] {
  return opened.map(({ path, sha256 }) => ({
    path,
    sha256,
    state: 'applied',
    values: values
      .filter(({ file }) => file === path)
      .map(({ name, place, value }) => ({ name, place, hash: hashOf(key, value) })),
  }))
}

async function writeJournal(work: Work, files: readonly JournalFile[]): Promise<Result<void>> {
  const kept = work.journal.files.filter(({ path }) => !files.some((one) => one.path === path))
  work.journal = { version: 1, files: [...kept, ...files] }
  if (work.journal.files.length === 0) return ok()
  return writeText(join(work.options.folder, JOURNAL), formatJournal(work.journal))
}

async function statesOf({ store, values }: Work): Promise<Result<Map<string, ValueState>>> {
  const states = new Map<string, ValueState>()
  for (const { name, value } of values) {
    const there = await store.read(name)
    if (!there.ok) return there
    states.set(name, there.value === undefined ? 'new' : there.value.equals(value) ? 'same' : 'differs')
    there.value?.fill(0)
  }
  return ok(states)
}

async function withWork(
  store: SecretStore,
  options: SopsOptions,
  work: (work: Work) => Promise<Result<SopsReport>>,
): Promise<Result<SopsReport>> {
  const inventory = await takeInventory(options.folder)
  if (!inventory.ok) return inventory
  const journal = await readJournal(options.folder)
  if (!journal.ok) return journal
  if (inventory.value.sops.length === 0 && journal.value.files.length === 0)
    return err({ reason: 'castle-data', what: options.folder, why: 'holds no SOPS file' })
  const kept = await store.read(AGE_KEY)
  if (!kept.ok) return kept
  const own = kept.value === undefined ? [] : await identitiesIn(kept.value)
  kept.value?.fill(0)
  const { opened, unread } = await openAll(options.folder, inventory.value, [...options.identities, ...own])
  for (const identity of own) identity.fill(0)
  const { values, collisions } = nameValues(opened.map(({ path, leaves }) => ({ file: path, leaves })))
  try {
    const parts = { store, options, inventory: inventory.value, opened, unread, values, collisions }
    return await work({ ...parts, journal: journal.value })
  } finally {
    wipeOpened(opened)
    for (const { value } of values) value.fill(0)
  }
}

async function readJournal(folder: string): Promise<Result<Journal>> {
  const path = join(folder, JOURNAL)
  const bytes = await readText(path)
  if (!bytes.ok) return bytes
  return bytes.value === undefined ? ok({ version: 1, files: [] }) : parseJournal(bytes.value, path)
}

function report(
  step: SopsReport['step'],
  work: Work,
  states: ReadonlyMap<string, ValueState>,
  references: References = { files: [], byHand: [], binds: [] },
): SopsReport {
  const { opened, unread, values, collisions, inventory } = work
  return {
    step,
    files: opened.map(({ path, format, by, version }) => ({
      path,
      format,
      by,
      ...(version !== undefined && { version }),
      values: values.filter(({ file }) => file === path).length,
    })),
    unread,
    values: values.map(({ name, file, place, value }) => ({
      name,
      file,
      place,
      bytes: value.length,
      state: states.get(name) ?? 'new',
    })),
    collisions,
    changes: references.files.flatMap(({ changes }) => changes),
    byHand: references.byHand,
    binds: references.binds,
    deleted: [],
    rotate: [],
    done: inventory.sops.length === 0,
  }
}
