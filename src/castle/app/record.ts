import { join, resolve } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import { readText, resolved, writeText } from '../adapters/files.ts'
import { hclReader } from '../adapters/hcl.ts'
import type { KnownCastle } from '../core/overlap.ts'
import { type CastleRecord, formatRecord, MAX_RECORD, parseRecord, RECORD_NAME } from '../core/record.ts'
import { readTopology } from '../core/topology-reader.ts'

/** A castle's folder and what its record says. */
export interface Castle {
  /** Absolute. */
  folder: string
  record: CastleRecord
}

/** The castle in `folder`. Failures: castle-missing, castle-record, io. */
export async function readCastle(folder: string): Promise<Result<Castle>> {
  const path = join(folder, RECORD_NAME)
  const file = await readText(path, MAX_RECORD)
  if (!file.ok) return file
  if (file.value === undefined) return err({ reason: 'castle-missing', folder })
  const record = parseRecord(file.value, path)
  return record.ok ? ok({ folder, record: record.value }) : record
}

export function writeRecord({ folder, record }: Castle): Promise<Result<void>> {
  return writeText(join(folder, RECORD_NAME), formatRecord(record))
}

/** The castle with its topology. Failures: those of `readCastle`, config-invalid. */
export async function readKnown(folder: string): Promise<Result<KnownCastle>> {
  const castle = await readCastle(folder)
  if (!castle.ok) return castle
  const path = join(folder, 'terraform.tfvars')
  const file = await readText(path)
  if (!file.ok) return file
  if (file.value === undefined)
    return err({ reason: 'castle-data', what: path, why: 'is missing: it holds the topology' })
  const read = await hclReader()
  const topology = readTopology(read(file.value.toString('utf8')), path)
  if (!topology.ok) return topology
  const { record } = castle.value
  return ok({ folder, record, topology: topology.value, state: await statePath(castle.value) })
}

/** The state file of a castle, links resolved. */
export function statePath({ folder, record }: Castle): Promise<string> {
  return resolved(resolve(folder, record.state))
}
