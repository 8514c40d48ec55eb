/** A file with secrets, by its name: never read, never committed. */
export function isSecretsFile(path: string): boolean {
  return /^secrets.*\.tfvars(\.json)?$/.test(nameOf(path))
}

/** A text that code turns into a config (`templatefile`). */
export function isTemplate(path: string): boolean {
  return /\.(tftpl|tpl|tmpl)$/.test(path)
}

/**
 * What Terraform and OpenTofu read by themselves from a folder: `code` (`*.tf`, `*.tofu`), or `values`
 * (`terraform.tfvars`, `*.auto.tfvars`), each also as JSON. Undefined for anything else, and for files with secrets: what those hold is nobody's business here.
 * Source: developer.hashicorp.com/terraform/language/values/variables, "Variable Definitions (.tfvars) Files".
 */
export function terraformFileKind(path: string): 'code' | 'values' | undefined {
  if (isSecretsFile(path)) return undefined
  if (/\.(tf|tofu)(\.json)?$/.test(path)) return 'code'
  return /^(terraform|.*\.auto)\.tfvars(\.json)?$/.test(nameOf(path)) ? 'values' : undefined
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
