import { parseVersion } from './eso-versions.ts'

/** The minors of Talos 1.x whose configs are proved against their schemas (test/castle/talos.test.ts). */
export const OLDEST_MINOR = 11
export const NEWEST_MINOR = 14

/** What a series of Talos goes with. */
interface TalosSeries {
  minor: number
  /** First day without fixes from the community: the release of the next series. ISO 8601; null: not yet. */
  end: string | null
  /** Minors of Kubernetes 1.x that it runs. */
  kubernetes: readonly [oldest: number, newest: number]
}

/**
 * Support of each series, from the "Support Matrix" of Talos 1.12 (six minors of Kubernetes each; support ends with the
 * next release) and the releases that were seen; looked up on 2026-11-27. The day of 1.14.0 was not found: it was a
 * release candidate in August 2026 and in public castles by the end of September.
 */
const SERIES: readonly TalosSeries[] = [
  { minor: 11, end: '2025-12-22', kubernetes: [29, 34] },
  { minor: 12, end: '2026-04-27', kubernetes: [30, 35] },
  { minor: 13, end: '2026-09-30', kubernetes: [31, 36] },
  { minor: 14, end: null, kubernetes: [32, 37] },
]

/** How a machine config is written: in one document, with documents for the network, in documents for everything. */
export type Generation = 'one' | 'network' | 'documents'

/** The generation of a version of Talos, `v1.13.2`; the nearest one for a version that is not known. Undefined: it is none. */
export function generationOf(talos: string): Generation | undefined {
  const version = parseVersion(talos)
  if (version === undefined || version.major !== 1) return undefined
  if (version.minor >= 14) return 'documents'
  return version.minor >= 12 ? 'network' : 'one'
}

/**
 * What a person has to know about a castle's versions on a day (ISO 8601): out of support, not known here, or a
 * Kubernetes that this Talos does not run. Empty: nothing.
 */
export function versionProblems(talos: string, kubernetes: string, today: string): string[] {
  const version = parseVersion(talos)
  if (version === undefined) return [`${talos} is no version of Talos`]
  const known = SERIES.find(({ minor }) => version.major === 1 && minor === version.minor)
  const newest = SERIES.at(-1)
  if (known === undefined) {
    const older = version.major < 1 || (version.major === 1 && version.minor < OLDEST_MINOR)
    return [
      older
        ? `Talos ${talos} gets no fixes any more; supported are 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR} here, and upstream 1.${newest?.minor}`
        : `Talos ${talos} is newer than this tazpod knows (1.${NEWEST_MINOR}): its configs are written as for that one, and not proved`,
    ]
  }
  const problems: string[] = []
  if (known.end !== null && known.end <= today)
    problems.push(
      `Talos 1.${known.minor} gets no fixes since ${known.end}; the newest known here is 1.${newest?.minor}`,
    )
  const [oldest, last] = known.kubernetes
  const wanted = parseVersion(kubernetes)
  if (wanted === undefined) problems.push(`${kubernetes} is no version of Kubernetes`)
  else if (wanted.major !== 1 || wanted.minor < oldest || wanted.minor > last)
    problems.push(`Talos 1.${known.minor} runs Kubernetes 1.${oldest} to 1.${last}, not ${kubernetes}`)
  return problems
}
