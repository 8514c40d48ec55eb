import type { Span } from '../hcl.ts'

type Severity = 'error' | 'warning' | 'note'

/** One thing that is wrong. No field repeats a value that could be a secret. */
export interface Finding {
  rule: RuleId
  severity: Severity
  /** Relative to the folder that was checked. */
  file: string
  line: number
  column: number
  endLine: number
  endColumn: number
  message: string
  /** What to do about it. */
  help: string
  /** Present where `--fix` can do it. */
  fix?: Fix
}

export type Fix =
  /** Replaces text of the file of the finding. */
  | { kind: 'edit'; start: number; end: number; text: string }
  /** Moves a literal into a variable of the module. */
  | { kind: 'extract'; start: number; end: number; name: string; value: string }
  /** Adds a line to the `.gitignore` beside the file. */
  | { kind: 'ignore'; line: string }

/** Every rule, with the words that a report shows once. */
export const RULES = {
  'hcl-syntax': 'The file is not valid HCL.',
  'literal-url': 'An address is written into the code.',
  'literal-ip': 'A network address is written into the code.',
  'literal-host': 'A host name is written into the code.',
  'literal-uuid': 'An id is written into the code.',
  'literal-token': 'Something that looks like a secret is written into the code.',
  'literal-path': 'A path is written into the code.',
  'literal-slug': 'The name of a project or environment is written into the code.',
  'variable-undeclared': 'A variable is used and not declared.',
  'variable-unset': 'A variable has no value.',
  'variable-unused': 'A variable is never used.',
  'variable-untyped': 'A variable has no type.',
  'variable-twice': 'A variable is declared twice.',
  'module-input': 'A module is given what it does not take, or not what it needs.',
  'secret-not-sensitive': 'A secret is not marked as sensitive.',
  'secret-validation': 'A rule of a secret variable makes terraform print the value.',
  'secret-default': 'A secret has a default in the code.',
  'secret-in-tfvars': 'A committed file gives a value to a secret.',
  'secret-could-be-ephemeral': 'A secret is kept in plans although nothing needs that.',
  'secrets-file-tracked': 'A file of secrets is tracked by git.',
  'secrets-file-not-empty': 'A file of secrets holds clear text on the disk.',
  'secrets-file-not-ignored': 'A file of secrets is not ignored by git.',
  'state-tracked': 'Terraform state is tracked by git.',
  'talos-cert-sans': 'Names of a certificate are at a place that Talos ignores.',
  'talos-two-keys': 'Talos takes exactly one etcd encryption key.',
  'talos-key-by-terraform':
    'Terraform makes the etcd encryption key, so that losing the state loses the key.',
  'talos-version': 'A version of Talos gets no fixes, is not known here, or does not run this Kubernetes.',
  'talos-old-form': 'A field of the machine config has a document of its own in this version of Talos.',
  'talos-dhcp': 'A node gets its address by DHCP.',
  'eso-universal-auth': 'External Secrets has no field universalAuth.',
  'eso-namespace': 'A cluster-wide store does not say in which namespace its credentials are.',
  'eso-host-api': 'The address of Infisical ends in a way that old versions double.',
  'eso-version': 'The apiVersion does not fit the version of External Secrets.',
  'sops-reference': 'The code still reads SOPS files.',
} as const

export type RuleId = keyof typeof RULES

export function finding(
  rule: RuleId,
  severity: Severity,
  file: string,
  span: Pick<Span, 'line' | 'column'> & Partial<Span>,
  message: string,
  help: string,
  fix?: Fix,
): Finding {
  const { line, column } = span
  const end = { endLine: span.endLine ?? line, endColumn: span.endColumn ?? column }
  return { rule, severity, file, line, column, ...end, message, help, ...(fix && { fix }) }
}

/** In the order of a reader: by file, then by place. */
export function byPlace(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column || (a.rule < b.rule ? -1 : 1)
}
