/**
 * The versions that a new castle begins with, and where each was seen, looked up on 2026-11-27. Public code and release
 * pages were read; none of the providers could be fetched here. `terraform validate` after `terraform init` is the
 * last word on their attributes.
 */
export const VERSIONS = {
  /** factory.talos.dev: v1.14.2 in public castles of this autumn; 1.14.0-rc.1 is what the schemas here are of. */
  talos: 'v1.14.2',
  /** 1.37.1 beside it; Talos 1.14 runs 1.32 to 1.37. */
  kubernetes: '1.37.1',
  /** ghcr.io/external-secrets/external-secrets: v2.12.0. CRDs were read up to 2.9.0. */
  externalSecrets: '2.12.0',
  /** oci://ghcr.io/fluxcd-community/charts/flux2: 2.19.0. */
  flux: '2.19.0',
} as const

/** Constraints of `required_providers`. */
export const PROVIDERS = {
  /** 0.19.24. */
  infisical: '~> 0.19',
  /** 0.116.0; `disk.import_from`, by the API alone, came with 0.79 (CHANGELOG of bpg/terraform-provider-proxmox). */
  proxmox: '~> 0.116',
  /** 0.12: machinery of Talos 1.14 (CHANGELOG of siderolabs/terraform-provider-talos). */
  talos: '~> 0.12',
  /** 2.38. */
  kubernetes: '~> 2.38',
  /** 3.1.1; from 3 on `kubernetes` is an attribute and no block. */
  helm: '~> 3.1',
  /** 2.1. */
  kubectl: '~> 2.1',
} as const
