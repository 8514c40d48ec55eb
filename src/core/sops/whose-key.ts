import type { SopsFile } from './tree.ts'

/** Why no key fits, for a person who has to find the one that does. */
export function whoseKey({ meta: { recipients, others, keyGroups, commentRules } }: SopsFile): string {
  if (keyGroups > 1) return `it needs keys of ${keyGroups} groups, which only the sops program puts together`
  if (commentRules) return 'it has rules about comments, which only the sops program knows'
  const quantum = recipients.filter((one) => one.startsWith('age1pq1'))
  const classic = recipients.filter((one) => !quantum.includes(one))
  const short = (one: string) => (one.length > 24 ? `${one.slice(0, 16)}…${one.slice(-6)}` : one)
  const parts = [
    ...(classic.length > 0 ? [`the age key of ${classic.map(short).join(' or ')}`] : []),
    ...(quantum.length > 0
      ? [`the post-quantum age key (AGE-SECRET-KEY-PQ-1…) of ${quantum.map(short).join(' or ')}`]
      : []),
    ...others,
  ]
  return parts.length === 0 ? 'it names no key at all' : `it is for ${parts.join(', or ')}`
}
