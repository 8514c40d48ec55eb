/** The name of a rendered file in the holder is its path, and names there have at most 255 bytes. */
const PATH_BYTES = 253

/** Takes the leading `./` of a project path away, so that one file has one spelling. */
export function plainPath(path: string): string {
  return path.startsWith('./') ? path.slice(2) : path
}

/**
 * Says why `path` (already plain) is not a file inside the project, or undefined when it is one. Purely textual:
 * symbolic links are the business of whoever opens it. The text completes the sentence "path …".
 */
export function projectPathProblem(path: string): string | undefined {
  if (path === '') return 'is empty'
  if (/\p{Cc}/u.test(path)) return 'contains a control character'
  if (Buffer.byteLength(path) > PATH_BYTES) return `is longer than ${PATH_BYTES} bytes`
  if (path.startsWith('/') || path.startsWith('~')) return 'must be relative to the folder of tazpod.yaml'
  const segments = path.split('/')
  if (segments.includes('..')) return 'leaves the project (..)'
  if (segments.at(-1) === '') return 'is a folder: a file is needed'
  if (segments.some((segment) => segment === '' || segment === '.')) return 'contains an empty or "." segment'
  if (segments.includes('.git')) return 'is inside .git'
  return undefined
}
