import type { FileHandle } from 'node:fs/promises'

/** The first `size` bytes of an opened file, fewer where it was shortened meanwhile. The caller zeroes them. */
export async function readUpTo(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size)
  let length = 0
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}
