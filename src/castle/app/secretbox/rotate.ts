import { setTimeout as wait } from 'node:timers/promises'
import { runGranted } from '../../../adapters/holder/child.ts'
import { explain } from '../../../app/session/explain.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { lastStart, notRestarted } from '../../core/api-servers.ts'
import { nextKeyName, oldKeyName, ROTATION_STEPS, type RotationStep, rotationOf } from '../../core/record.ts'
import { isKey } from '../../core/secretbox-key.ts'
import { generationOf } from '../../core/talos-versions.ts'
import { castleHere, type OpenCastle } from '../access.ts'
import {
  fingerprintOf,
  type Guard,
  oneSecret,
  openSealed,
  type RecordChange,
  recordChange,
} from '../guard.ts'
import { readKnown } from '../record.ts'
import { apply, type RunOptions, ready, refresh } from '../terraform.ts'
import { freshKey } from './new.ts'

interface Rotated {
  castle: string
  /** Name of the key in etcd, and its fingerprint. */
  key: string
  fingerprint: string
  /** What was done in this run. */
  steps: RotationStep[]
  /** Secrets that were written anew. */
  rewritten: number
  /** Terraform's own; with another than 0 something is left to do. */
  exitCode: number
  /** The command that does the rest; null: nothing is left. */
  next: string | null
}

interface RotateOptions extends RunOptions {
  /** How long the API servers have to read a new config. Milliseconds. */
  patience: number
}

/**
 * Gives a living cluster another secretbox key, in the four steps that Kubernetes prescribes (kubernetes.io, "Rotate a
 * decryption key"). The step that is under way is in the record: a run that was stopped at any point goes on there.
 * Failures: castle-refused (Talos before 1.14, no such cluster, a step that did not reach every API server), those of
 * `applyCastle` and of the store.
 */
export async function rotateKey(options: RotateOptions): Promise<Result<Rotated>> {
  const first = await ready(options)
  if (!first.ok) return first
  const able = await canRotate(first.value)
  if (!able.ok) return able
  const steps: RotationStep[] = []
  let rewritten = 0
  for (;;) {
    const open = await castleHere(options)
    if (!open.ok) return open
    const { record } = open.value.castle
    const ended = (exitCode: number) =>
      ok({
        castle: record.name,
        key: rotationOf(record).name,
        fingerprint: record.secretbox?.fingerprint ?? '',
        ...{ steps, rewritten, exitCode },
        next: exitCode === 0 ? null : NEXT[record.next?.step ?? 'remove'],
      })
    if (record.next === null) {
      if (steps.length > 0) return ended(0)
      const begun = await begin(open.value)
      if (!begun.ok) return begun
      continue
    }
    const { step } = record.next
    options.say(`step ${ROTATION_STEPS.indexOf(step) + 1} of 4: ${WORDS[step]}`)
    const done = await STEPS[step](open.value, options, able.value)
    if (!done.ok) return done
    if (done.value.exitCode !== 0) return ended(done.value.exitCode)
    rewritten += done.value.rewritten
    steps.push(step)
  }
}

const WORDS: Record<RotationStep, string> = {
  add: 'the new key goes behind the old one, onto every control plane',
  promote: 'the new key goes before the old one: from now on it writes',
  rewrite: 'every Secret is written anew, under the new key',
  remove: 'the old key leaves the control planes; the store keeps it',
}

/** After `remove` has begun, the new key is the key: what is left is to bring it alone onto the machines. */
const NEXT: Record<RotationStep, string> = {
  add: 'tazpod castle secretbox rotate',
  promote: 'tazpod castle secretbox rotate',
  rewrite: 'tazpod castle secretbox rotate',
  remove: 'tazpod castle apply',
}

interface Done {
  exitCode: number
  rewritten: number
}

/** How many control planes there are. */
async function canRotate({ castle }: OpenCastle): Promise<Result<number>> {
  const known = await readKnown(castle.folder)
  if (!known.ok) return known
  const { talos_version: talos, nodes } = known.value.topology
  if (generationOf(talos) !== 'documents')
    return err({
      reason: 'castle-refused',
      why: `Talos ${talos} has one field for the key, and Kubernetes needs the old and the new one for a while: that came with 1.14`,
      next: 'upgrade Talos   (or a new cluster: tazpod castle recreate)',
    })
  if (castle.record.life !== 'live')
    return err({
      reason: 'castle-refused',
      why: `castle ${castle.record.name} is ${castle.record.life}: only the key of a living cluster is rotated`,
      next: 'tazpod castle secretbox check',
    })
  const grants = await explain(castle.folder, 'terraform', [])
  if (!grants.ok) return grants
  const next = nextKeyName(castle.record)
  if (grants.value.rows.some(({ secret }) => secret === next))
    return ok(Object.values(nodes).filter(({ role }) => role === 'controlplane').length)
  return err({
    reason: 'castle-refused',
    why: `tazpod.yaml does not bind talos_secretbox_next_key: ${next}, and talos.tf has no place for a second key`,
    next: 'tazpod castle new NAME --from this one shows both; then tazpod trust && tazpod pull',
  })
}

/** Makes the new key, once, and records that it takes over. */
async function begin(open: OpenCastle): Promise<Result<void>> {
  const since = await lastStarts(open)
  if (!since.ok) return since
  return guarded(open, async (guard) => {
    const { record } = guard.castle
    const { next: name } = rotationOf(record)
    const current = await guard.store.read(record.secrets.secretbox)
    if (!current.ok) return current
    const print = current.value && fingerprintOf(guard.key, current.value)
    current.value?.fill(0)
    if (print === undefined || print !== record.secretbox?.fingerprint)
      return err({
        reason: 'castle-refused',
        why: `${record.secrets.secretbox} is not the recorded key`,
        next: 'tazpod castle secretbox check',
      })
    const key = freshKey()
    const put = await guard.store.upsert(nextKeyName(record), key)
    const fingerprint = fingerprintOf(guard.key, key)
    key.fill(0)
    if (!put.ok) return put
    const next = { fingerprint, name, step: 'add', since: since.value } as const
    const recorded = await recordChange(guard, { next })
    return recorded.ok ? ok() : recorded
  })
}

const STEPS: Record<
  RotationStep,
  (open: OpenCastle, options: RotateOptions, planes: number) => Promise<Result<Done>>
> = {
  add: (open, options, planes) => rollOut(open, options, planes, 'promote'),
  promote: (open, options, planes) => rollOut(open, options, planes, 'rewrite'),
  rewrite,
  remove,
}

/** Brings both keys, in the order of the step, onto every control plane, and waits until each API server has read them. */
async function rollOut(
  open: OpenCastle,
  options: RotateOptions,
  planes: number,
  then: RotationStep,
): Promise<Result<Done>> {
  const { next } = open.castle.record
  if (next === null) return ok({ exitCode: 0, rewritten: 0 })
  const applied = await applyNow(options, open.castle.folder)
  if (!applied.ok || applied.value.exitCode !== 0) return applied
  const read = await everywhere(open, options, planes, Date.parse(next.since))
  if (!read.ok) return read
  const since = await lastStarts(open)
  if (!since.ok) return since
  const moved = await noted(open, { next: { ...next, step: then, since: since.value } })
  return moved.ok ? applied : moved
}

/** `castle apply` with the keys of now: the session has those of before. */
async function applyNow(options: RotateOptions, folder: string): Promise<Result<Done>> {
  const fresh = await refresh(options, folder)
  if (!fresh.ok) return fresh
  const again = await castleHere(options)
  if (!again.ok) return again
  const ran = await apply(again.value, options, 'rotate')
  return ran.ok ? ok({ exitCode: ran.value.exitCode, rewritten: 0 }) : ran
}

const PODS = ['get', 'pods', '-n', 'kube-system', '-l', 'k8s-app=kube-apiserver', '-o', 'json']

async function lastStarts({ castle }: OpenCastle): Promise<Result<string>> {
  const pods = await kubectl(castle.folder, PODS)
  if (!pods.ok) return pods
  const last = lastStart(pods.value.toString('utf8'))
  return last !== undefined
    ? ok(last)
    : err({
        reason: 'castle-tool',
        tool: 'kubectl',
        why: 'names no API server: without them nobody can tell when a key has reached all of them',
        next: 'kubectl get pods -n kube-system -l k8s-app=kube-apiserver',
      })
}

async function everywhere(
  { castle }: OpenCastle,
  { patience, say }: RotateOptions,
  planes: number,
  since: number,
): Promise<Result<void>> {
  const end = Date.now() + patience
  for (let tries = 0; ; tries++) {
    const pods = await kubectl(castle.folder, PODS)
    const missing = pods.ok
      ? notRestarted(pods.value.toString('utf8'), since, planes)
      : 'kubectl does not answer'
    if (missing === undefined) return ok()
    if (Date.now() >= end)
      return err({
        reason: 'castle-refused',
        why: `${missing}. The next step would lock them out of what the others write`,
        next: 'tazpod castle secretbox rotate   (it goes on here)',
      })
    if (tries === 0) say(`waiting: ${missing}`)
    await wait(Math.min(3_000, patience))
  }
}

/** `kubectl get secrets -A -o json | kubectl replace -f -`: what is read with the old key is written with the new one. */
async function rewrite(open: OpenCastle): Promise<Result<Done>> {
  const { folder, record } = open.castle
  for (let tries = 1; ; tries++) {
    const all = await kubectl(folder, ['get', 'secrets', '--all-namespaces', '-o', 'json'])
    if (!all.ok) return all
    const replaced = await kubectl(folder, ['replace', '-f', '-'], all.value)
    all.value.fill(0)
    // A Secret that was changed meanwhile is a conflict: it is written anew by whoever changed it, or in the next try.
    if (!replaced.ok && tries < 3) continue
    if (!replaced.ok) return replaced
    const rewritten = replaced.value
      .toString('utf8')
      .split('\n')
      .filter((line) => line.endsWith(' replaced')).length
    const next = record.next && { ...record.next, step: 'remove' as const }
    const moved = await noted(open, { next })
    return moved.ok ? ok({ exitCode: 0, rewritten }) : moved
  }
}

/** The new key becomes the key, in store and record, and the only one on the machines. The old one is kept. */
async function remove(open: OpenCastle, options: RotateOptions): Promise<Result<Done>> {
  const { next } = open.castle.record
  if (next === null) return ok({ exitCode: 0, rewritten: 0 })
  const settled = await guarded(open, async (guard) => {
    const { record } = guard.castle
    const name = record.secrets.secretbox
    const old = await guard.store.read(name)
    if (!old.ok) return old
    const coming = await guard.store.read(nextKeyName(record))
    if (!coming.ok) return coming
    if (old.value === undefined || coming.value === undefined || !isKey(coming.value))
      return err({ reason: 'castle-data', what: nextKeyName(record), why: 'is no secretbox key' })
    const kept = old.value.equals(coming.value)
      ? ok(Buffer.alloc(0)) // stopped after it had become the key
      : await oneSecret(guard.store, oldKeyName(record, rotationOf(record).name), () =>
          Buffer.from(old.value ?? ''),
        )
    if (!kept.ok) return kept
    kept.value.fill(0)
    const put = await guard.store.upsert(name, coming.value)
    old.value.fill(0)
    coming.value.fill(0)
    if (!put.ok) return put
    const change = { fingerprint: next.fingerprint, keyName: next.name, next: null }
    const recorded = await recordChange(guard, change)
    return recorded.ok ? ok() : recorded
  })
  return settled.ok ? applyNow(options, open.castle.folder) : settled
}

async function kubectl(cwd: string, args: readonly string[], input?: Buffer): Promise<Result<Buffer>> {
  const ran = await runGranted(['kubectl', ...args], { cwd, ...(input && { input }) })
  if (!ran.ok) return ran
  const { exitCode, stdout, stderr } = ran.value
  if (exitCode === 0) return ok(stdout)
  stdout.fill(0)
  const said = stderr.toString('utf8').replaceAll(/\s+/g, ' ').trim().slice(0, 300)
  return err({ reason: 'castle-tool', tool: 'kubectl', why: `${args[0]} ended with ${exitCode}: ${said}` })
}

async function noted(open: OpenCastle, change: RecordChange): Promise<Result<void>> {
  return guarded(open, async (guard) => {
    const recorded = await recordChange(guard, change)
    return recorded.ok ? ok() : recorded
  })
}

function guarded(
  { castle, withStore }: OpenCastle,
  work: (guard: Guard) => Promise<Result<void>>,
): Promise<Result<void>> {
  return withStore(async (store) => {
    const guard = await openSealed(castle, store)
    if (!guard.ok) return guard
    return work(guard.value).finally(() => guard.value.key.fill(0))
  })
}
