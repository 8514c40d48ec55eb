import { printable } from '../../cli/output.ts'
import { count, heldWords } from '../../cli/words.ts'
import { Block, Line, Piece } from './bits.tsx'
import type { Dialog } from './dialog.ts'
import { KEYS } from './keys.ts'
import { brokenLines } from './lines.ts'

interface DialogProps<K extends Dialog['kind']> {
  dialog: Extract<Dialog, { kind: K }>
  height: number
  width: number
}

export function DialogPane({
  dialog,
  ...size
}: DialogProps<Dialog['kind']> & { commands: readonly string[] }) {
  switch (dialog.kind) {
    case 'help':
      return <Help {...size} />
    case 'lock':
      return <LockQuestion dialog={dialog} {...size} />
    case 'trust':
      return <Scrolled title="trust" {...size} lines={dialog.lines} at={dialog.at} />
    case 'text':
      return <Scrolled title={dialog.title} {...size} lines={dialog.lines} at={dialog.at} />
    case 'which-command':
      return <WhichCommand dialog={dialog} {...size} />
  }
}

function Help({ height }: { height: number }) {
  return (
    <Block height={height}>
      <Line tone="title">keys</Line>
      {KEYS.map(({ key, action, long }) => (
        <Line key={key}>
          <Piece tone="accent">{`  ${key}`.padEnd(5)}</Piece>
          {`${action.padEnd(9)}${long}`}
        </Line>
      ))}
      <Line>
        <Piece tone="accent">{'  1 2 3, Tab'.padEnd(14)}</Piece>
        secrets, running, activity; the mouse works too
      </Line>
      <Line>
        <Piece tone="accent">{'  ↑ ↓, j k'.padEnd(14)}</Piece>
        move; also PgUp, PgDn, Home, End and the wheel
      </Line>
      <Line>For a screen reader: tazpod dashboard --plain</Line>
    </Block>
  )
}

function LockQuestion({ dialog, height }: DialogProps<'lock'>) {
  return (
    <Block height={height}>
      <Line tone="title">{`Lock while ${count(dialog.running.length, 'command')} with secrets run${dialog.running.length === 1 ? 's' : ''}?`}</Line>
      {dialog.running.slice(0, height - 4).map(({ pid, command, secrets }) => (
        <Line key={pid}>{`  ${printable(command)}, pid ${pid}, holds ${heldWords(secrets)}`}</Line>
      ))}
      <Line>The memory is wiped at once. A command that goes on keeps the files</Line>
      <Line>it was given until it ends.</Line>
    </Block>
  )
}

function Scrolled({
  title,
  lines,
  at,
  height,
  width,
}: {
  title: string
  lines: readonly string[]
  at: number
  height: number
  width: number
}) {
  const all = brokenLines(lines, width)
  const room = height - 2
  const from = Math.max(0, Math.min(at, all.length - room))
  const more = all.length - from - room
  return (
    <Block height={height}>
      <Line tone="title">{title}</Line>
      {all.slice(from, from + room).map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its place
        <Line key={from + i}>{line}</Line>
      ))}
      {more > 0 ? <Line tone="accent">{`↓ ${count(more, 'more line')}`}</Line> : null}
    </Block>
  )
}

function WhichCommand({
  dialog,
  height,
  commands = [],
}: DialogProps<'which-command'> & { commands?: readonly string[] }) {
  return (
    <Block height={height}>
      <Line tone="title">What would a command get? It is not started.</Line>
      <Line>
        {'command: '}
        <Piece tone="title">{printable(dialog.text)}</Piece>
        <Piece tone="selected"> </Piece>
      </Line>
      <Line>
        {commands.length === 0 ? '' : `named in tazpod.yaml: ${commands.map(printable).join(', ')}`}
      </Line>
    </Block>
  )
}
