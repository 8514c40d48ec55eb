import { isAbsolute, join } from 'node:path'
import { runGranted } from '../../adapters/child.ts'
import { readWorkFile } from '../../adapters/work-files.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { MAX_VALUE } from '../../core/vault-document.ts'
import type { OpenCastle } from './access.ts'

export interface Published {
  castle: string
  published: { what: 'kubeconfig' | 'talosconfig'; name: string; size: number; change: string }[]
}

const WHAT = ['kubeconfig', 'talosconfig'] as const

/**
 * Puts the credentials of the cluster into the store, byte for byte, from terraform's outputs or from the session's
 * shared folder in memory. Both are read before anything is written; a second run changes nothing.
 * Failures: castle-tool (no such output), not-saved, castle-data (empty), and those of the store.
 */
export async function publish(
  { castle, withStore }: OpenCastle,
  options: { from: 'outputs' | 'work'; ghost: string | undefined },
): Promise<Result<Published>> {
  const contents = new Map<(typeof WHAT)[number], Buffer>()
  const wipe = () => {
    for (const content of contents.values()) content.fill(0)
  }
  for (const what of WHAT) {
    const content =
      options.from === 'outputs' ? await output(castle.folder, what) : await fromWork(options.ghost, what)
    if (content.ok && content.value.length > 0) contents.set(what, content.value)
    else {
      wipe()
      return content.ok ? err({ reason: 'castle-data', what, why: 'is empty' }) : content
    }
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

/** `-raw` prints the value and nothing else; it never goes through a file. */
async function output(cwd: string, name: string): Promise<Result<Buffer>> {
  const ran = await runGranted(['terraform', 'output', '-raw', name], { cwd })
  if (!ran.ok) return ran
  const { exitCode, stdout, stderr } = ran.value
  if (exitCode === 0) return ok(stdout)
  stdout.fill(0)
  const why = `has no output ${name}: ${stderr.toString('utf8').replace(/\s+/g, ' ').trim().slice(0, 200)}`
  return err({ reason: 'castle-tool', tool: 'terraform', why, next: 'tazpod castle apply' })
}

async function fromWork(ghost: string | undefined, name: string): Promise<Result<Buffer>> {
  if (ghost === undefined || !isAbsolute(ghost))
    return err({
      reason: 'usage',
      message: 'the shared folder is visible only in a command that tazpod started',
      next: 'tazpod exec -- tazpod castle publish --from work',
    })
  const file = await readWorkFile(join(ghost, 'work'), name, MAX_VALUE)
  return file.ok ? ok(file.value.content) : file
}
