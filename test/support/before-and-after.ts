import { expect } from 'vitest'
import { tazpodBinary } from './installed.ts'
import type { Scratch } from './scratch.ts'
import { Terminal, type TerminalOptions } from './terminal.ts'

/** A shell that shows the terminal's settings before and after a command, and its exit code. A Ctrl-C is for the whole
 * job: without the trap this shell would end as any script does. */
export function between(scratch: Scratch, command: string, options?: TerminalOptions): Terminal {
  const script = `trap : INT; stty -a | md5sum | sed 's/^/before /'; ${command}; echo "code=$?"; stty -a | md5sum | sed 's/^/after /'; echo END`
  return new Terminal(scratch, ['bash', '--norc', '-c', script, 'bash', tazpodBinary()], options)
}

/** Waits for the end and returns the exit code that the shell saw. Fails when the terminal's settings changed. */
export async function codeOf(terminal: Terminal): Promise<number> {
  await terminal.waitForText(/^END$/m)
  const text = terminal.text()
  const settings = (word: string) => new RegExp(`^${word} ([0-9a-f]{32})`, 'm').exec(text)?.[1]
  expect(settings('before'), text).toBeDefined()
  expect(settings('after'), text).toBe(settings('before'))
  return Number(/^code=(\d+)/m.exec(text)?.[1])
}
