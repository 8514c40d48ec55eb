import type { ProjectConfig } from './model.ts'

/** Every secret that a project file names, in its secrets and in its binds, once. */
export function secretNames({ secrets, binds }: ProjectConfig): string[] {
  const bound = binds.flatMap(({ values }) =>
    values.flatMap((value) => ('secret' in value ? [value.secret] : [])),
  )
  return [
    ...new Set([...secrets.flatMap((rule) => (rule.identity === undefined ? [rule.name] : [])), ...bound]),
  ]
}
