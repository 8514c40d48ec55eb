const KIB = 1024
const UNITS = [
  ['GiB', KIB ** 3],
  ['MiB', KIB ** 2],
  ['KiB', KIB],
] as const

/**
 * Writes a number of bytes, rounded down: to the byte below 10 KiB unless it is whole KiB, with one digit after the
 * point below ten of a unit, then in whole ones: `9000 bytes`, `4 KiB`, `1.5 MiB`, `64 MiB`. test/vectors/sizes.tsv
 * holds it and native/lib/figures.c, which writes the same.
 */
export function formatSize(bytes: number): string {
  const exact = bytes < 10 * KIB && bytes % KIB !== 0
  const [unit, one] = (exact ? undefined : UNITS.find(([, size]) => bytes >= size)) ?? ['bytes', 1]
  const tenths = Math.floor((bytes * 10) / one)
  const text =
    tenths < 100 && tenths % 10 !== 0
      ? `${Math.floor(tenths / 10)}.${tenths % 10}`
      : `${Math.floor(tenths / 10)}`
  return bytes === 1 ? '1 byte' : `${text} ${unit}`
}
