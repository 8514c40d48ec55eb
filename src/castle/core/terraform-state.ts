/** Addresses of resources that live inside the cluster: their providers would call an API that is about to die. */
export function inCluster(addresses: readonly string[]): string[] {
  return addresses.filter((address) =>
    /(^|\.)(kubernetes|kubectl|helm|flux)_[a-z0-9_]+\./.test(withoutKeys(address)),
  )
}

/** Data sources are read, not destroyed. */
export function isData(address: string): boolean {
  return /(^|\.)data\./.test(withoutKeys(address))
}

/** `module.a["x.y"].b` → `module.a.b`: what stands in brackets is a key, not a part of the address. */
function withoutKeys(address: string): string {
  return address.replace(/\["(?:[^"\\]|\\.)*"\]|\[\d+\]/g, '')
}

/**
 * Values of `TF_LOG` that write values of variables and states into the log: all but the quiet ones, because terraform
 * takes a level that it does not know (`1`, `true`) for TRACE (internal/logging/logging.go, 1.11).
 */
export function isVerboseLog(value: string | undefined): boolean {
  return value !== undefined && value !== '' && !/^(off|warn|error)$/i.test(value)
}

/** Terraform's version from `terraform version -json`; undefined when it says none. */
export function terraformVersion(json: string): string | undefined {
  try {
    const data: unknown = JSON.parse(json)
    const version: unknown = (data as { terraform_version?: unknown } | null)?.terraform_version
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}

/** What the scaffold needs: write-only arguments. */
export const TERRAFORM_NEEDED = { major: 1, minor: 11, patch: 0 }

/**
 * How often this state was changed, by its own count, and the UUID that it was made with (`lineage`). They stand before
 * all that is a secret: only the first 1024 bytes are looked at, and no text is made of the rest. Undefined: it says none.
 */
export function stateSerial(state: Buffer): number | undefined {
  const found = /^\s*\{[^{}[\]]*?"serial": *(\d{1,15})/.exec(state.toString('latin1', 0, 1024))
  return found === null ? undefined : Number(found[1])
}

export function stateLineage(state: Buffer): string | undefined {
  return /^\s*\{[^{}[\]]*?"lineage": *"([^"\\]{1,100})"/.exec(state.toString('latin1', 0, 1024))?.[1]
}

/** Whether anything that was made is in a state: data sources are read only, and outputs outlive everything. */
export function hasGrown(state: Buffer): boolean {
  return state.includes('"mode": "managed"') || state.includes('"mode":"managed"')
}
