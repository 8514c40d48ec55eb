/** A file with secrets, by its name: never read, never committed. */
export function isSecretsFile(path: string): boolean {
  return /^secrets.*\.tfvars(\.json)?$/.test(nameOf(path))
}

/**
 * What Terraform reads by itself from a folder: `code` (`*.tf`), or `values` (`terraform.tfvars`, `*.auto.tfvars`), each
 * also as JSON. Undefined for anything else, and for files with secrets: what those hold is nobody's business here.
 * Source: developer.hashicorp.com/terraform/language/values/variables, "Variable Definitions (.tfvars) Files".
 */
export function terraformFileKind(path: string): 'code' | 'values' | undefined {
  if (isSecretsFile(path)) return undefined
  if (/\.tf(\.json)?$/.test(path)) return 'code'
  return /^(terraform|.*\.auto)\.tfvars(\.json)?$/.test(nameOf(path)) ? 'values' : undefined
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
