import { chmodSync, mkdtempSync, rmSync } from 'node:fs'

const NAME = 'TZ_TEST_SHARED'

/** vitest's global set-up: one folder for what all test files share (compiled helpers), removed at the very end. */
export default function setup(): () => void {
  const folder = make()
  process.env[NAME] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}

/** That folder, which every user may enter; outside vitest one of this process's own, removed when it ends. */
export function sharedFolder(): string {
  const given = process.env[NAME]
  if (given !== undefined) return given
  const folder = make()
  process.env[NAME] = folder
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function make(): string {
  const folder = mkdtempSync('/tmp/tz-shared-')
  chmodSync(folder, 0o755)
  return folder
}
