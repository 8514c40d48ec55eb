import { confirm, hasTerminal } from '../../adapters/terminal/terminal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type Changed, changesOf, wipeDocument, withSecrets } from '../../core/vault/edit.ts'
import type { VaultAccess } from './access.ts'
import { updateVault } from './open.ts'

/**
 * Keeps secrets, all or none; nothing is written when all are there. Another value that the vault already holds under
 * one of the names is replaced only with `force`, or when a person agrees.
 * Failures: would-replace (nobody to ask, or a no), interrupted, and those of `updateVault`.
 */
export async function storeSecrets(
  access: VaultAccess,
  identity: Buffer,
  values: ReadonlyMap<string, Buffer>,
  force: boolean,
): Promise<Result<Changed>> {
  // A try without, and the question after it: the vault is not held for as long as a person thinks. What another writer
  // changed meanwhile is asked for again.
  const agreed = new Set(force ? values.keys() : [])
  for (;;) {
    const done = await store(access, identity, values, agreed)
    if (done.ok || done.error.reason !== 'would-replace') return done
    if (access.nonInteractive || !hasTerminal()) return done
    const answer = await confirm(question(done.error.names))
    if (!answer.ok) return answer
    if (!answer.value) return done
    for (const name of done.error.names) agreed.add(name)
  }
}

async function store(
  { place }: VaultAccess,
  identity: Buffer,
  values: ReadonlyMap<string, Buffer>,
  agreed: ReadonlySet<string>,
): Promise<Result<Changed>> {
  let changed: Changed = { added: [], replaced: [], unchanged: [] }
  const done = await updateVault(place, identity, (doc) => {
    changed = changesOf(doc, values)
    const names = changed.replaced.filter((name) => !agreed.has(name))
    if (names.length > 0) return err({ reason: 'would-replace', names })
    const nothing = changed.unchanged.length === values.size
    return nothing ? ok(doc) : withSecrets(doc, values, new Date().toISOString())
  })
  if (done.ok) wipeDocument(done.value)
  return done.ok ? ok(changed) : done
}

function question(names: readonly string[]): string {
  const [first = ''] = names
  const what = names.length === 1 ? `another value of ${first}` : `other values of ${names.join(', ')}`
  return `The vault holds ${what}. Replace ${names.length === 1 ? 'it' : 'them'}?`
}
