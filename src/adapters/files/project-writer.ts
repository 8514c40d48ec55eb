import { constants } from 'node:fs'
import { lstat, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import { errnoOf } from './errno.ts'
import { CONFIG_NAME } from './project-files.ts'

/** Larger .gitignore files exist nowhere; a bound for what is read. */
const IGNORE_BYTES = 1024 * 1024

/**
 * Writes tazpod.yaml (0644, it is committed). An existing one is replaced only with `replace`, atomically; without
 * it that is `io` with EEXIST. Failure: io.
 */
export async function writeConfig(folder: string, text: string, replace: boolean): Promise<Result<void>> {
  const path = join(folder, CONFIG_NAME)
  const target = replace ? `${path}.${process.pid}.new` : path
  let created = false
  try {
    const file = await open(
      target,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o644,
    )
    created = true
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    if (replace) await rename(target, path)
    return ok()
  } catch (error) {
    if (created) await rm(target, { force: true }) // half a file would be kept by the next `init`
    return err({ reason: 'io', action: 'write', path, code: errnoOf(error) })
  }
}

/** Whether anything has this name, be it a broken link. */
export async function somethingAt(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/**
 * Appends the lines that `.gitignore` of this folder does not have yet. Returns those that were added.
 * A symbolic link is not followed. Failure: io.
 */
export async function addIgnored(folder: string, lines: readonly string[]): Promise<Result<string[]>> {
  const path = join(folder, '.gitignore')
  if (lines.length === 0) return ok([])
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW
    const file = await open(path, flags, 0o644)
    try {
      const { size } = await file.stat()
      if (size > IGNORE_BYTES) return err({ reason: 'too-large', what: path, size, limit: IGNORE_BYTES })
      const before = await file.readFile('utf8')
      const known = new Set(before.split(/\r?\n/).map((line) => line.trimEnd()))
      const added = lines.filter((line) => !known.has(line))
      if (added.length === 0) return ok([])
      const gap = before === '' || before.endsWith('\n') ? '' : '\n'
      await file.appendFile(`${gap}${added.join('\n')}\n`)
      return ok([...added])
    } finally {
      await file.close()
    }
  } catch (error) {
    return err({ reason: 'io', action: 'write', path, code: errnoOf(error) })
  }
}
