import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where the parts of this tazpod are. */
interface Install {
  /** Folder of the package: package.json, dist/, bin/. */
  root: string
  /** `bin/tazpod`: the native binary, or the sh launcher where no compiler made one. */
  binary: string
  /** Whether `binary` is the native one. */
  native: boolean
}

const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46])

/** Finds the parts from the place of this file: in dist/ after the build, in src/ while testing. */
export function findInstall(from = import.meta.dirname): Install {
  let root = from
  while (!existsSync(join(root, 'package.json')) && dirname(root) !== root) root = dirname(root)
  const binary = join(root, 'bin', 'tazpod')
  return { root, binary, native: isElf(binary) }
}

/** Whether this tazpod has a command of that name. */
export function hasCommand(name: string): boolean {
  return existsSync(join(findInstall().root, 'dist', 'commands', `${name}.js`))
}

function isElf(path: string): boolean {
  const head = Buffer.alloc(ELF.length)
  try {
    const fd = openSync(path, 'r')
    try {
      return readSync(fd, head, 0, head.length, 0) === head.length && head.equals(ELF)
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}

/** The version of this tazpod, as package.json says it. */
export function productVersion(): string {
  const about: unknown = JSON.parse(readFileSync(join(findInstall().root, 'package.json'), 'utf8'))
  return String((about as { version?: unknown }).version)
}
