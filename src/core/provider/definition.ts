import type { z } from 'zod'

/** What every provider says of itself: data, without input or output. How it fetches is in `src/app/provider/NAME`. */
export interface ProviderDefinition {
  /** The comment beside `provider:` in a new tazpod.yaml. */
  readonly comment: string
  /** A new tazpod.yaml's section, with what is known of it; empty text: none. */
  readonly template: (known: ProviderSettings) => string
  /** What a person agrees to with the file, one line each. */
  readonly describe: (settings: ProviderSettings) => string[]
  /**
   * Where names and values are looked up while unlocked: in the `vault` itself, or only in what the last pull left
   * with the holder (`session`).
   */
  readonly shows: 'vault' | 'session'
  /** Whether secrets can be written to it: a castle makes some. */
  readonly stores: boolean
  /** What to type to store a secret where it is found; `path`: its folder, where the provider has folders. */
  readonly setCommand: (name: string, path?: string) => string
  /** The command that makes an identity known, where one is needed. */
  readonly login?: string
}

/** Every setting that may describe where secrets come from, as tazpod.yaml gives it. */
export interface ProviderSettings {
  readonly [section: string]: unknown
  readonly secrets?: readonly object[]
}

/** How it is written in `tazpod.yaml`; apart, because only who parses that file has to load a parser. */
export interface ProviderSyntax {
  /** Its section in `tazpod.yaml`, under the provider's own name; absent: it has none. */
  readonly section?: z.ZodType
  /** The keys of that section, for "did you mean"; `inner` for a mapping inside of it. */
  readonly keys?: (inner?: PropertyKey) => readonly string[]
  /** What is said of an unknown key of that section, where another place is right. */
  readonly unknownKey?: (key: string) => string | undefined
  /** What it adds to a line under `secrets:`, where the key means nothing to the other providers. */
  readonly ruleFields?: Readonly<Record<string, z.ZodType>>
  /** What its section lacks to be used; absent: it may stand without one. */
  readonly needs?: { what: string; hint: string }
  /** What each line under `secrets:` needs. */
  readonly needsField?: { field: string; message: string; hint: string }
}
