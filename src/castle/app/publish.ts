import { isAbsolute, join } from 'node:path'
import { readWorkFile } from '../../adapters/files/work-files.ts'
import { runGranted } from '../../adapters/holder/child.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { MAX_VALUE } from '../../core/vault/document.ts'
import { type CredentialKind, credentialProblem, outputValue } from '../core/cluster-credentials.ts'
import type { Topology } from '../core/topology.ts'
import type { OpenCastle } from './access.ts'
import { readKnown } from './record.ts'

interface Published {
  castle: string
  published: { what: CredentialKind; name: string; size: number; change: string }[]
}

const WHAT: readonly CredentialKind[] = ['kubeconfig', 'talosconfig']

type Contents = Map<CredentialKind, Buffer>

/**
 * Puts the credentials of the cluster into the store, byte for byte, from terraform's outputs or from the session's
 * shared folder in memory. Both are read, and proved to be of this castle, before anything is written: a good one is
 * never replaced by less. A second run changes nothing.
 * Failures: castle-tool (no such output), castle-data (not the credentials of this castle), not-saved, those of
 * `readKnown` and of the store.
 */
export async function publish(
  { castle, withStore }: OpenCastle,
  options: { from: 'outputs' | 'work'; ghost: string | undefined },
): Promise<Result<Published>> {
  const known = await readKnown(castle.folder)
  if (!known.ok) return known
  const contents: Contents = new Map()
  const wipe = () => {
    for (const content of contents.values()) content.fill(0)
  }
  const read =
    options.from === 'outputs'
      ? await outputs(castle.folder, contents)
      : await fromWork(options.ghost, contents)
  const proved = read.ok ? prove(contents, known.value.topology) : read
  if (!proved.ok) {
    wipe()
    return proved
  }
  const done = await withStore(async (store): Promise<Result<Published>> => {
    const published: Published['published'] = []
    for (const [what, content] of contents) {
      const change = await store.upsert(castle.record.secrets[what], content)
      if (!change.ok) return change
      published.push({ what, name: castle.record.secrets[what], size: content.length, change: change.value })
    }
    return ok({ castle: castle.record.name, published })
  })
  wipe()
  return done
}

function prove(contents: Contents, topology: Topology): Result<void> {
  for (const [what, content] of contents) {
    const why = credentialProblem(what, content, topology)
    if (why !== undefined)
      return err({ reason: 'castle-data', what: `the ${what}`, why: `${why}; nothing was stored` })
  }
  return ok()
}

/**
 * As JSON and never `-raw`: without a state that one prints a warning box on standard output and exits 0. The values
 * never go through a file; as texts of JSON they live until this short process ends.
 */
async function outputs(cwd: string, contents: Contents): Promise<Result<void>> {
  const ran = await runGranted(['terraform', 'output', '-json'], { cwd })
  if (!ran.ok) return ran
  const { exitCode, stdout, stderr } = ran.value
  const json = stdout.toString('utf8')
  stdout.fill(0)
  const next = 'tazpod castle apply'
  if (exitCode !== 0) {
    const said = stderr.toString('utf8').replace(/\s+/g, ' ').trim().slice(0, 200)
    return err({ reason: 'castle-tool', tool: 'terraform', why: `does not say its outputs: ${said}`, next })
  }
  for (const what of WHAT) {
    const value = outputValue(json, what)
    if (value === undefined)
      return err({
        reason: 'castle-tool',
        tool: 'terraform',
        why: `has no output ${what}; nothing was stored`,
        next,
      })
    contents.set(what, value)
  }
  return ok()
}

async function fromWork(ghost: string | undefined, contents: Contents): Promise<Result<void>> {
  if (ghost === undefined || !isAbsolute(ghost))
    return err({
      reason: 'usage',
      message: 'the shared folder is visible only in a command that tazpod started',
      next: 'tazpod exec -- tazpod castle publish --from work',
    })
  for (const what of WHAT) {
    const file = await readWorkFile(join(ghost, 'work'), what, MAX_VALUE)
    if (!file.ok) return file
    contents.set(what, file.value.content)
  }
  return ok()
}
