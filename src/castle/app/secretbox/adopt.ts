import { readStdin, stdinIsTerminal } from '../../../adapters/terminal/standard-streams.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { secretboxKeyIn } from '../../core/machine-config.ts'
import { nextKeyName } from '../../core/record.ts'
import { isKey, WHY_NOT } from '../../core/secretbox-key.ts'
import type { OpenCastle } from '../access.ts'
import { fingerprintOf, oneSecret, openGuard, recordChange } from '../guard.ts'
import type { KeyState } from './new.ts'

const MAX_CONFIG = 8 * 1024 * 1024

/**
 * Takes the key of a running cluster from its machine config on standard input, keeps it if the store has none, and
 * records the cluster as living. A different key in the store is never replaced.
 * Failures: usage, castle-data, castle-refused, and those of the store.
 */
export async function adoptKey(
  { castle, withStore }: OpenCastle,
  passphraseFd: number | undefined,
): Promise<Result<KeyState>> {
  const next = 'talosctl get machineconfig -o yaml | tazpod castle secretbox adopt'
  if (stdinIsTerminal() || passphraseFd === 0)
    return err({ reason: 'usage', message: 'the machine config comes on standard input', next })
  const text = await readStdin('the machine config', MAX_CONFIG)
  if (!text.ok) return text
  const found = secretboxKeyIn(text.value)
  text.value.fill(0)
  if (!found.ok) return err({ reason: 'castle-data', what: 'what was read', why: found.why, next })
  const { key } = found
  if (!isKey(key))
    return err({ reason: 'castle-data', what: 'the key that was read', why: 'is no base64 of 32 bytes' })
  return withStore(async (store) => {
    const guard = await openGuard(castle, store) // also a record that was changed: the cluster itself proves the key
    if (!guard.ok) return guard
    const { record } = guard.value.castle
    const name = record.secrets.secretbox
    const stored = await oneSecret(store, name, () => Buffer.from(key))
    if (!stored.ok) return stored
    const same = stored.value.equals(key)
    stored.value.fill(0)
    if (!same)
      return err({
        reason: 'castle-refused',
        why: `${store.label} holds another key under ${name} than the running cluster: ${WHY_NOT}. Neither was touched`,
        next: `keep the other one: tazpod vault get --reveal ${name} | tazpod vault set ${name}_OLD; then tazpod vault rm ${name}`,
      })
    const fingerprint = fingerprintOf(guard.value.key, key)
    const next = await store.upsert(nextKeyName(record), key)
    if (!next.ok) return next
    const recorded = await recordChange(guard.value, { fingerprint, life: 'live', next: null })
    guard.value.key.fill(0)
    if (!recorded.ok) return recorded
    return ok({ castle: record.name, secret: name, fingerprint, outcome: 'exists' } as const)
  }).finally(() => key.fill(0))
}
