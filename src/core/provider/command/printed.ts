/**
 * The value in what a program printed: one line without its end, as `pass`, `gopass` and every prompt print one; of
 * several lines every byte, because a PEM wants its last newline. Undefined: nothing. A view of `output`.
 */
export function printedValue(output: Buffer): Buffer | undefined {
  const end = output.indexOf(0x0a)
  const one = end === output.length - 1 ? output.subarray(0, end) : output
  const value = one !== output && one.at(-1) === 0x0d ? one.subarray(0, -1) : one
  return value.length === 0 ? undefined : value
}
