// A process that changes a vault, for tests that kill it, starve its disk, or let two of them run at once.
// argv: root of a VaultFolder, then one of
//   kill N before|half|after   changes N to "2" and kills itself at disk call N
//   loop                       counts N up for ever
//   add TAG COUNT              adds TAG_0 … TAG_COUNT-1, one write each, under the real lock
//   grow BYTES                 adds one secret of that size and prints the result as JSON
import { readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { vaultTools } from '../../../src/adapters/vault/vault-files.ts'
import { openVault, updateVault } from '../../../src/app/vault/open.ts'
import { vaultPlace } from '../../../src/app/vault/place.ts'
import { failureText } from '../../../src/core/failure/words.ts'
import { withSecrets } from '../../../src/core/vault/edit.ts'
import { alone, NOW, setting, steppedDisk, texts, value } from '../vault.ts'

const [root = '', verb = '', first = '', second = ''] = process.argv.slice(2)
const under = (name: string) => join(root, name)
const place = vaultPlace({ data: under('data'), state: under('state'), config: under('config') })
const identity = readFileSync(under('identity.txt'))

if (verb === 'kill') {
  const disk = steppedDisk(async (n, step, args, call) => {
    if (n !== Number(first)) return call(...args)
    if (second === 'half' && step === 'write') await call(args[0], (args[1] as Buffer).subarray(0, 100))
    if (second === 'after') await call(...args).catch(() => undefined) // a failed call was made, too
    process.kill(process.pid, 'SIGKILL')
    return new Promise(() => undefined)
  })
  value(await updateVault(place, identity, setting({ N: '2' }), { ...alone, disk }))
} else if (verb === 'loop') {
  await openVault(place, identity) // everything is loaded before the parent's clock starts
  writeSync(1, 'ready\n')
  for (;;) {
    const next = (doc: Parameters<ReturnType<typeof setting>>[0]) =>
      setting({ N: String(Number(texts(doc).N) + 1) })(doc)
    value(await updateVault(place, identity, next, alone))
  }
} else if (verb === 'add') {
  for (let i = 0; i < Number(second); i++) {
    value(await updateVault(place, identity, setting({ [`${first}_${i}`]: 'x' }), vaultTools))
  }
} else {
  const big = new Map([['BIG', Buffer.alloc(Number(first), 7)]])
  const done = await updateVault(place, identity, (doc) => withSecrets(doc, big, NOW), alone)
  const said = done.ok
    ? { ok: true }
    : { ok: false, reason: done.error.reason, message: failureText(done.error).message }
  writeSync(1, `${JSON.stringify(said)}\n`)
}
