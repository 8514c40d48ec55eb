const SYSTEM: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EIO: 'the disk reports an error',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open (ulimit -n)',
  ENFILE: 'the system has too many open files',
  ENOMEM: 'there is not enough memory',
}
const FILE: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it exists already',
  ELOOP: 'it is a symbolic link',
}

/** An errno name in words, with the name itself for whoever looks it up. Unknown ones stay as they are. */
export function errnoWords(code: string): string {
  const words = Object.hasOwn(SYSTEM, code)
    ? SYSTEM[code]
    : Object.hasOwn(FILE, code)
      ? FILE[code]
      : undefined
  return words === undefined ? code : `${words} (${code})`
}

/** Whether the machine lacks something, rather than the file that was named being a wrong one. */
export function isSystemErrno(code: string): boolean {
  return Object.hasOwn(SYSTEM, code)
}
