/**
 * What each version of the External Secrets Operator knows of its Infisical provider: read in the CRDs of the
 * releases from 0.9.20, the first with an Infisical provider, to 2.9.0.
 */
export interface EsoSchema {
  apiVersion: 'external-secrets.io/v1beta1' | 'external-secrets.io/v1'
  /** Fields of `secretsScope` beside the three that every version has. */
  scope: readonly ('recursive' | 'expandSecretReferences' | 'organizationSlug')[]
  /** `caBundle` and `caProvider`. */
  ca: boolean
  /** Before 0.13.0 a store with wrong credentials says Ready, and a missing key becomes an empty value. */
  checksStatus: boolean
}

interface Version {
  major: number
  minor: number
  patch: number
}

/** `0.10.3`, `v1.2.0`; undefined when it is no version. Pre-releases count as their release. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,5})(?:-[0-9A-Za-z.-]+)?$/.exec(text)
  if (match === null) return undefined
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) }
}

export function atLeast(version: Version, major: number, minor: number, patch: number): boolean {
  if (version.major !== major) return version.major > major
  if (version.minor !== minor) return version.minor > minor
  return version.patch >= patch
}

/** The newest series whose CRDs were read. */
const NEWEST_MAJOR = 2

/** Says why this version can't be rendered for, or its schema. */
export function esoSchema(text: string): EsoSchema | string {
  const version = parseVersion(text)
  if (version === undefined) return 'is no version (for example 0.10.3)'
  if (!atLeast(version, 0, 9, 20)) return 'has no Infisical provider: it came with 0.9.20'
  if (version.major > NEWEST_MAJOR)
    return 'is newer than this tazpod knows (2.x): check its CRD with castle check eso'
  const since = (major: number, minor: number, patch: number) => atLeast(version, major, minor, patch)
  const scope: EsoSchema['scope'][number][] = []
  if (since(0, 10, 5)) scope.push('recursive')
  if (since(0, 14, 4)) scope.push('expandSecretReferences')
  if (since(2, 7, 0)) scope.push('organizationSlug')
  return {
    apiVersion: since(0, 16, 0) ? 'external-secrets.io/v1' : 'external-secrets.io/v1beta1',
    scope,
    ca: since(1, 2, 1),
    checksStatus: since(0, 13, 0),
  }
}

export function esoApiVersion(version: string): string | undefined {
  const schema = esoSchema(version)
  return typeof schema === 'string' ? undefined : schema.apiVersion
}
