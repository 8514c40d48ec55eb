import { spawn } from 'node:child_process'

/**
 * What git knows about files. A repository may name programs to run in its own configuration: nothing of it that
 * could start one is used.
 */
const SAFE = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'core.quotePath=false']

/** Whether `folder` is in a work tree. False also where there is no git. */
export async function inWorkTree(folder: string): Promise<boolean> {
  return (await git(folder, ['rev-parse', '--is-inside-work-tree'])).trim() === 'true'
}

/** The tracked files below `folder`, relative to it. */
export async function trackedFiles(folder: string): Promise<string[]> {
  return list(await git(folder, ['ls-files', '-z']))
}

/** Which of these paths (relative to `folder`) are ignored. */
export async function ignoredOf(folder: string, paths: readonly string[]): Promise<Set<string>> {
  if (paths.length === 0) return new Set()
  const ignored = await git(folder, ['check-ignore', '-z', '--stdin', '--no-index'], paths.join('\0'))
  return new Set(list(ignored))
}

/** What a commit or `git add` in a work tree could store. */
interface Exposed {
  path: string
  tracked: boolean
}

/**
 * Which of these paths (relative to `folder`) git would store: tracked ones, whatever .gitignore says, and those that
 * no rule ignores. Nothing outside of a work tree, and where there is no git.
 */
export async function exposedOf(folder: string, paths: readonly string[]): Promise<Exposed[]> {
  if (paths.length === 0 || !(await inWorkTree(folder))) return []
  // Without --no-index a tracked path is never called ignored (git-check-ignore(1)).
  const ignored = new Set(list(await git(folder, ['check-ignore', '-z', '--stdin'], paths.join('\0'))))
  const rest = paths.filter((path) => !ignored.has(path))
  if (rest.length === 0) return []
  const tracked = new Set(list(await git(folder, ['--literal-pathspecs', 'ls-files', '-z', '--', ...rest])))
  return rest.map((path) => ({ path, tracked: tracked.has(path) }))
}

function list(out: string): string[] {
  return out.split('\0').filter((path) => path !== '')
}

/** What git says; nothing where there is no git. */
async function git(cwd: string, args: readonly string[], input = ''): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  // Variables such as GIT_DIR of the caller would name another repository than the folder's.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')))
  const child = spawn('git', [...SAFE, ...args], { cwd, env, stdio: ['pipe', 'pipe', 'ignore'] })
  const out: Buffer[] = []
  child.on('error', () => resolve(''))
  child.stdin.on('error', () => {})
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.on('close', () => resolve(Buffer.concat(out).toString('utf8')))
  child.stdin.end(input)
  return promise
}
