import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scratch } from './scratch.ts'

/**
 * A program on this person's PATH that writes down its arguments and its standard input, and then does `then` (sh).
 * Returns what the calls were.
 */
export function stub(
  scratch: Scratch,
  name: string,
  then = 'exit 0',
): () => { argv: string; stdin: Buffer }[] {
  const log = scratch.folder(`stub-${name}`)
  scratch.file(
    `bin/${name}`,
    `#!/bin/sh
n=0
while ! mkdir "${log}/$n" 2>/dev/null; do n=$((n + 1)); done
printf '%s\\n' "$*" >"${log}/$n/argv"
if [ ! -t 0 ]; then cat >"${log}/$n/stdin"; fi
${then}
`,
    0o755,
  )
  scratch.env.PATH = `${join(scratch.home, 'bin')}:${scratch.env.PATH}`
  return () => {
    const calls: { argv: string; stdin: Buffer }[] = []
    for (let n = 0; existsSync(join(log, String(n))); n++) {
      const read = (file: string): Buffer => readFileSync(join(log, String(n), file))
      calls.push({ argv: read('argv').toString().trim(), stdin: read('stdin') })
    }
    return calls
  }
}
