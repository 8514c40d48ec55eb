/**
 * What the holder is given: the typed mirror of the SET records in `native/PROTOCOL.md`. `set-frame.ts` encodes it.
 */
export interface LaunchSet {
  entries: LaunchEntry[]
  plans: LaunchPlan[]
}

/** One stored value. `sources` says, for people, which secrets it is made of; it is not sent to the holder. */
export interface LaunchEntry {
  /** `secret`: as stored. `rendered`: the text of a bind. `internal`: for tazpod itself, never granted. */
  kind: 'secret' | 'rendered' | 'internal'
  name: string
  value: Buffer
  sources?: string[]
}

/** What one command gets. */
export interface LaunchPlan {
  /** A command's basename, or `*` for every other one. */
  pattern: string
  /** Octal value, or KEEP_UMASK. */
  umask: number
  /** Seconds from now until something that this plan delivers ends; 0 or absent = no end. */
  valid?: number
  ops: LaunchOp[]
}

/** `entry` is an index into `LaunchSet.entries`. */
export type LaunchOp =
  | { op: 'file'; entry: number; dir: string; file: string; mode: number; env: string }
  | { op: 'value'; entry: number; env: string }
  | { op: 'bind'; entry: number; target: string; mode: number }
  /** `withPrevious`: belongs to the operation before it, and is left out with it by `--only`. */
  | { op: 'env'; ifUnset: boolean; withPrevious: boolean; name: string; value: string }
  | { op: 'missing'; name: string }

/** How many secrets people are told of: a rendered file may hold several, and one may be in several files. */
export function secretCount({ entries }: LaunchSet): number {
  return new Set(entries.flatMap(({ sources = [] }) => sources)).size
}

/** The caller's umask stays as it is. */
export const KEEP_UMASK = 0xffff

/** Bounds of the protocol: a set outside them is refused before it is sent. */
export const SET_LIMITS = {
  entries: 16_384,
  plans: 512,
  operations: 65_536,
  valueBytes: 1024 * 1024,
  nameBytes: 255,
  pathBytes: 4_095,
  envBytes: 32_767,
  bodyBytes: 64 * 1024 * 1024,
} as const
