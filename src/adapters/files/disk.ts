import { close, fsync, write } from 'node:fs'
import { link, open, readFile, rename, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'

/**
 * The steps of an atomic write, one system call each. A type of its own, so that a test can let each of them fail;
 * there is no other way to get at it than the argument of a function.
 */
export interface Disk {
  /** A new empty file, mode 0600, in `folder`. */
  createTemp(folder: string, prefix: string, suffix: string): Promise<{ path: string; fd: number }>
  /** Returns how many bytes were taken, which may be fewer than there are. */
  write(fd: number, bytes: Buffer): Promise<number>
  sync(fd: number): Promise<void>
  close(fd: number): Promise<void>
  read(path: string): Promise<Buffer>
  rename(from: string, to: string): Promise<void>
  /** Fails with EEXIST when `to` exists. */
  link(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  syncFolder(path: string): Promise<void>
}

const writeFd = promisify(write)

export const disk: Disk = {
  async createTemp(folder, prefix, suffix) {
    // The whole module: the bundler gives a CommonJS package that is loaded lazily no named exports.
    const { default: tmp } = await import('tmp-promise')
    // keep: it is renamed into place, or removed by us; detachDescriptor: we close it before that.
    const options = {
      tmpdir: folder,
      prefix,
      postfix: suffix,
      mode: 0o600,
      keep: true,
      detachDescriptor: true,
    }
    const { path, fd } = await tmp.file(options)
    return { path, fd }
  },
  async write(fd, bytes) {
    const { bytesWritten } = await writeFd(fd, bytes)
    return bytesWritten
  },
  sync: promisify(fsync),
  close: promisify(close),
  read: (path) => readFile(path),
  rename,
  link,
  unlink,
  async syncFolder(path) {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
}
