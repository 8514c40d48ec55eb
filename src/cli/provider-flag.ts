import { option } from '@oclif/core/flags'
import { STORING_PROVIDERS, type StoringProvider } from '../core/provider/registry.ts'

/** Where a castle keeps its secrets: any provider that can be written to. */
export function storingProviderFlag(summary: string, fallback: StoringProvider) {
  return { provider: option({ options: STORING_PROVIDERS, default: fallback, summary })() }
}
