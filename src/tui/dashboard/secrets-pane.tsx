import type { SecretRow } from '../../app/session/secrets.ts'
import { printable } from '../../cli/output.ts'
import { paragraph } from '../../cli/table.ts'
import { commandWords, count, deliveryWords, onlyEverybody } from '../../cli/words.ts'
import { relative, when } from '../../core/text/time.ts'
import { Block, Line } from './bits.tsx'
import { List } from './list.tsx'

const COLUMNS = [
  { title: 'secret', least: 10 },
  { title: 'source', least: 7, spare: true },
  { title: 'changed', least: 8 },
  { title: 'fingerprint', least: 11 },
  { title: 'given to', least: 10 },
]

export interface PaneProps {
  selected: number
  now: number
  height: number
  width: number
}

export function SecretsPane(props: PaneProps & { secrets: readonly SecretRow[]; locked: boolean }) {
  const { secrets, locked, selected, now, height, width } = props
  const alone = onlyEverybody(secrets)
  const detail = Math.min(6, Math.max(3, Math.floor(height / 3)))
  return (
    <>
      <List
        columns={COLUMNS}
        rows={secrets.map((secret) => cells(secret, now, alone))}
        tone={(i) => (secrets[i]?.source === 'missing' ? 'bad' : 'plain')}
        selected={selected}
        height={height - detail}
        width={width}
        empty={locked ? 'locked, so the names in the vault are not known' : 'nothing here'}
      />
      <Block height={detail}>
        <Line tone="accent">{'─'.repeat(width)}</Line>
        {aboutSecret(secrets[selected], now, alone, width).map((line) => (
          <Line key={line}>{line}</Line>
        ))}
      </Block>
    </>
  )
}

function cells({ name, source, grants, held }: SecretRow, now: number, alone: boolean): string[] {
  const age = held?.updated ? relative(Date.parse(held.updated), now) : source === 'missing' ? 'missing' : ''
  const commands = [...new Set(grants.map(({ command }) => commandWords(command, alone)))]
  return [printable(name), source, age, held?.fingerprint ?? '', commands.join(', ') || 'nobody']
}

/** What is known of one secret, as lines: everything but its value. */
export function aboutSecret(
  secret: SecretRow | undefined,
  now: number,
  alone: boolean,
  width: number,
): string[] {
  if (secret === undefined) return []
  const { name, source, grants, held } = secret
  const absent = {
    missing: 'missing: commands that need it do not start; tazpod pull says how to store it',
    unknown: 'named in tazpod.yaml; whether it exists shows after a pull',
  }
  const where = source === 'missing' || source === 'unknown' ? absent[source] : `from ${source}`
  const size = held?.bytes === undefined ? '' : `, ${count(held.bytes, 'byte')}`
  const changed = held?.updated === undefined ? '' : `, changed ${when(Date.parse(held.updated), now)}`
  const value = `${size}${changed}`
  const given =
    grants.length === 0
      ? ['no command gets it']
      : grants.map((grant) => `${commandWords(grant.command, alone)} gets it ${deliveryWords(grant)}`)
  return [`${printable(name)}, ${where}${value}`, ...given].flatMap((line) => paragraph(line, '  ', width))
}
