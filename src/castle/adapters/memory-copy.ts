import { existsSync, rmSync, statSync } from 'node:fs'
import { cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A copy of files in a folder of its own, in memory where there is one. */
interface MemoryCopy {
  /** Absolute. */
  folder: string
  write(path: string, text: string): Promise<void>
}

/**
 * Copies files of a folder (paths relative to it; links become what they lead to) and lends the copy to `work`. It is
 * gone afterwards, also when this process is ended by a signal that Node hears of. `linked`: folders that are only
 * linked to.
 */
export async function withCopy<T>(
  from: string,
  paths: readonly string[],
  linked: readonly string[],
  work: (copy: MemoryCopy) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(memoryFolder(), 'tazpod-lint-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    for (const path of paths) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await cp(join(from, path), join(folder, path), { dereference: true })
    }
    for (const path of linked) {
      if (!existsSync(join(from, path))) continue
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await symlink(join(from, path), join(folder, path))
    }
    return await work({
      folder,
      async write(path, text) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), text)
      },
    })
  } finally {
    process.off('exit', remove)
    remove()
  }
}

function memoryFolder(): string {
  const own = process.env.XDG_RUNTIME_DIR
  const uid = process.getuid?.()
  if (own !== undefined && own !== '' && statSync(own, { throwIfNoEntry: false })?.uid === uid) return own
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}
