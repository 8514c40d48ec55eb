import type { ProjectConfig } from '../grant/model.ts'

/**
 * Lines for the .gitignore beside tazpod.yaml: the placeholders, so that a tool that writes into one never gets its
 * content committed, and what a project vault keeps beside itself. The vault and its identity are encrypted and may
 * be committed.
 */
export function ignoreLines({ binds, vault }: ProjectConfig): string[] {
  const placeholders = binds.map(({ path }) => `/${escaped(path)}`)
  if (vault === undefined) return placeholders
  const prefix = `/${escaped(vault.slice(0, vault.lastIndexOf('/') + 1))}`
  return [...placeholders, `${prefix}*generations/`, `${prefix}.*.lock`, `${prefix}.tazpod-*.tmp`]
}

/** A path as a pattern that matches only itself (gitignore(5)). */
function escaped(path: string): string {
  return path.replace(/[\\*?[\]]/g, '\\$&').replace(/ $/, '\\ ')
}
