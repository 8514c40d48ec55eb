/** What the tests of castle lint share: a castle, and folders of Terraform code beside it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { newCastle } from '../support/castle/castle.ts'
import { Scratch } from '../support/scratch.ts'
import { type Run, tazpod } from '../support/tazpod.ts'

export let scratch: Scratch
export let blue: string
beforeAll(async () => {
  scratch = new Scratch()
  blue = await newCastle(scratch, 'blue')
})
afterAll(() => scratch[Symbol.asyncDispose]())

export interface Finding {
  rule: string
  severity: string
  file: string
  line: number
  column: number
  message: string
}

export const lint = (cwd: string, ...flags: string[]): Promise<Run> =>
  tazpod(scratch, ['castle', 'lint', ...flags], { cwd })

export async function findings(cwd: string): Promise<Finding[]> {
  const { stdout, stderr } = await lint(cwd, '--json')
  if (!stdout.startsWith('{')) throw new Error(stderr)
  return JSON.parse(stdout).findings
}

let count = 0
export function folder(files: Record<string, string>): string {
  const root = scratch.folder(`home/lint-${count++}`)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

/** The provider block of an article that people copy, secret included. */
export const ARTICLE = `provider "infisical" {
  host = "https://eu.infisical.com"
}
`
