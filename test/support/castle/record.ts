import { createHmac } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatRecord, parseRecord, recordKeyName, sealedText } from '../../../src/castle/core/record.ts'
import { must, PASSPHRASE } from '../project.ts'
import type { Scratch } from '../scratch.ts'
import { value } from '../vault.ts'

/** Records a castle as destroyed with a right seal, as a run does that ended well. */
export async function sealedDead(scratch: Scratch, folder: string): Promise<void> {
  const path = join(folder, 'castle.json')
  const record = value(parseRecord(readFileSync(path), path))
  const args = ['vault', 'get', '--reveal', recordKeyName(record)]
  const key = await must(scratch, args, { cwd: folder, passphrase: PASSPHRASE })
  const dead = { ...record, life: 'destroyed' as const, deaths: 1, changes: record.changes + 1 }
  dead.seal = createHmac('sha256', Buffer.from(key)).update(sealedText(dead)).digest('hex')
  writeFileSync(path, formatRecord(dead))
}
