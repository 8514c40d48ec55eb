import type { OpenedLeaf } from './decrypt.ts'

/** One value on its way: where it was, and what it will be called. */
export interface Migrated {
  /** Relative to the folder of the migration. */
  file: string
  /** Path inside the file, with dots. */
  place: string
  name: string
  value: Buffer
}

/**
 * Names for the encrypted values of all files: the last keys that say what a value is, in capitals. Two different
 * values that would get one name both get their file in front. Values that are equal may share a name.
 */
export function nameValues(files: readonly { file: string; leaves: readonly OpenedLeaf[] }[]): {
  values: Migrated[]
  collisions: string[]
} {
  const values = files.flatMap(({ file, leaves }) => ofFile(file, leaves))
  const collisions: string[] = []
  const groups = Map.groupBy(values, ({ name }) => name)
  for (const [name, group] of groups) {
    const [first] = group
    if (first === undefined || group.every(({ value }) => value.equals(first.value))) continue
    for (const one of group) {
      one.name = wordOf(`${stemOf(one.file)}_${name}`)
      collisions.push(`${name}: ${one.file} ${one.place} becomes ${one.name}`)
    }
  }
  // What is still the same gets a number: two documents of one file, for example.
  for (const group of Map.groupBy(values, ({ name }) => name).values()) {
    const distinct: Migrated[] = []
    for (const one of group) {
      const same = distinct.find(({ value }) => value.equals(one.value))
      if (same === undefined) distinct.push(one)
      const number = same === undefined ? distinct.length : distinct.indexOf(same) + 1
      if (number > 1) {
        collisions.push(`${one.name}: ${one.file} ${one.place} becomes ${one.name}_${number}`)
        one.name = `${one.name}_${number}`
      }
    }
  }
  return { values, collisions }
}

function ofFile(file: string, leaves: readonly OpenedLeaf[]): Migrated[] {
  const text = (...path: string[]) =>
    leaves.find((leaf) => leaf.place.join('\0') === path.join('\0'))?.value.toString() ?? ''
  const isSecret = text('kind') === 'Secret'
  const prefix = isSecret && text('metadata', 'name') !== '' ? `${text('metadata', 'name')}_` : ''
  return leaves
    .filter(({ encrypted }) => encrypted)
    .map((leaf): Migrated => {
      const [head = '', ...rest] = leaf.place
      const inSecret = isSecret && (head === 'data' || head === 'stringData')
      const whole = leaf.place.length === 1 && head === 'data' && leaves.length === 1
      const words = whole ? stemOf(file) : inSecret ? prefix + rest.join('_') : leaf.place.join('_')
      // A Secret of Kubernetes holds base64 under data: what a program gets are the bytes.
      const value =
        inSecret && head === 'data' ? Buffer.from(leaf.value.toString('latin1'), 'base64') : shown(leaf)
      return { file, place: leaf.place.join('.'), name: wordOf(words), value }
    })
}

/** A boolean is written as YAML has it, not as SOPS keeps it. */
function shown({ type, value }: OpenedLeaf): Buffer {
  return type === 'bool' ? Buffer.from(value.toString().toLowerCase()) : Buffer.from(value)
}

/** The name of a file without its folder and what says how it is encrypted and written. */
export function stemOf(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1)
  return name.replace(/(\.(enc|sops|encrypted))?\.[^.]+$/, '').replace(/\.(enc|sops|encrypted)$/, '') || name
}

/** Text as the name of a secret. */
export function wordOf(text: string): string {
  const word = text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return (/^\d/.test(word) ? `_${word}` : word || 'SECRET').toUpperCase().slice(0, 120)
}
