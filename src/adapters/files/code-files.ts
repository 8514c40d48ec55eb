import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface FoundFile {
  /** Relative to the folder that was searched, with `/`. */
  path: string
  size: number
  link: boolean
}

const SKIPPED = new Set(['.terraform', '.git', 'node_modules', '.direnv'])
/** More files than that are no project of a person. */
const MAX_FILES = 20_000

/** Every file below a folder, sorted; links to files are named, links to folders are not followed. */
export async function filesBelow(folder: string, deep = true): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  const walk = async (prefix: string): Promise<void> => {
    const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch(() => [])
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (found.length >= MAX_FILES) return
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
      if (deep && entry.isDirectory() && !SKIPPED.has(entry.name)) await walk(path)
      else if (entry.isFile() || entry.isSymbolicLink()) {
        const about = await lstat(join(folder, path)).catch(() => undefined)
        if (about !== undefined) found.push({ path, size: about.size, link: about.isSymbolicLink() })
      }
    }
  }
  await walk('')
  return found
}
