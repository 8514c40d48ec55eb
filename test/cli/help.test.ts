/** Every command explains itself: what it does, what it takes, and how it is typed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'

interface Flag {
  name: string
  char?: string
  summary?: string
  description?: string
  hidden?: boolean
}
interface Command {
  summary?: string
  description?: string
  examples?: (string | { command: string; description: string })[]
  flags: Record<string, Flag>
  args: Record<string, { description?: string }>
  strict?: boolean
}

const { commands } = JSON.parse(readFileSync(join(CHECKOUT, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, Command>
}
const ALL = Object.entries(commands)
const words = (id: string): string[] => id.split(':')

/** The command lines of the examples, and the part of each that is tazpod's own. */
function lines({ examples = [] }: Command): string[] {
  return examples.map((one) =>
    (typeof one === 'string' ? one : one.command).replaceAll('<%= config.bin %>', 'tazpod'),
  )
}
const ownPart = (line: string): string[] =>
  (/\btazpod\b(.*)$/.exec(line)?.[1] ?? '')
    .split(/ (--|\|) /)[0]
    ?.trim()
    .split(/\s+/) ?? []

test('there are commands to look at', () => {
  expect(ALL.length).toBeGreaterThan(20)
})

describe.each(ALL)('%s', (id, command) => {
  test('has a summary of one sentence that fits the list of commands', () => {
    expect(command.summary).toMatch(/^[A-Z].*\.$/)
    expect(command.summary?.length).toBeLessThanOrEqual(68)
  })

  test('has a description that says more, in one paragraph', () => {
    expect(command.description?.length).toBeGreaterThan(30)
    expect(command.description).not.toContain('\n') // oclif shows only the last line of several
    expect(command.description).not.toContain(command.summary)
  })

  test('has an example of itself, with flags that it has', () => {
    expect(lines(command).length).toBeGreaterThan(0)
    const known = Object.values(command.flags).flatMap(({ name, char }) => [
      `--${name}`,
      ...(char ? [`-${char}`] : []),
    ])
    for (const line of lines(command)) {
      const own = ownPart(line)
      if (id !== 'guide' && !(id === 'save' && own[0] === '')) {
        expect(line).toContain(`tazpod ${words(id).join(' ')}`)
      }
      const flags = own.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '')
      expect(
        flags.filter((flag) => !known.includes(flag)),
        line,
      ).toEqual([])
    }
  })

  test('says of each flag and argument what it is for', () => {
    const flags = Object.values(command.flags).filter(({ hidden }) => !hidden)
    expect(flags.filter(({ summary }) => !summary?.endsWith('.')).map(({ name }) => name)).toEqual([])
    expect(Object.values(command.args).filter(({ description }) => !description)).toEqual([])
  })
})

test('--help of every command fits 80 columns and shows its examples', async () => {
  await using scratch = new Scratch()
  for (const [id, command] of ALL) {
    const help = await tazpod(scratch, [...words(id), '--help'], { env: { COLUMNS: '80' } })
    expect(help).toMatchObject({ status: 0, stderr: '' })
    const wide = help.stdout.split('\n').filter((line) => line.length > 80)
    expect(wide, id).toEqual([])
    expect(help.stdout, id).toContain('EXAMPLES')
    expect(help.stdout.split(command.summary ?? '?').length, id).toBe(2)
  }
  const root = await tazpod(scratch, ['--help'])
  expect(root.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
})
