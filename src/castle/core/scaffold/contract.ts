import type { StoringProvider } from '../../../core/provider/registry.ts'
/** The provider-free module whose `terraform test` proves the topology and the rules of variables.tf offline. */
export const CONTRACT_TF = `# The contract of this castle without any provider: \`terraform test\` proves the topology, the rules of variables.tf
# and what talos.tf says offline, in a second. Those files and terraform.tfvars here are links to the real ones.

terraform {
  required_version = ">= 1.11.0"
}

resource "terraform_data" "topology" {
  input = {
    castle   = var.castle_name
    endpoint = var.cluster_endpoint
    nodes    = var.nodes
  }
  lifecycle {
    precondition {
      condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.talos_secretbox_key))
      error_message = "talos_secretbox_key is standard base64 of exactly 32 bytes (44 characters), without a newline."
    }
  }
}

output "secretbox_secrets" {
  value     = local.secretbox_secrets
  sensitive = true
}

output "encryption_patches" {
  value     = local.encryption_patches
  sensitive = true
}

output "node_patches" {
  value = local.node_patches
}

output "secretbox_fingerprint" {
  value = nonsensitive(sha256(var.talos_secretbox_key))
}
`

export function contractTest(provider: StoringProvider): string {
  return HEAD + (provider === 'infisical' ? TOKEN : PROXMOX_TOKEN) + TAIL
}

const HEAD = `# No secret here: the key is 32 zero bytes and the rest is made up.
variables {
  talos_secretbox_key      = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  talos_secretbox_next_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
`

const PROXMOX_TOKEN = `  proxmox_api_token        = "test@pve!contract=none"
`

const TOKEN = `  infisical_token          = "none"
`

const TAIL = `  infisical_client_id      = "none"
  infisical_client_secret  = "none"
}

run "the_topology_is_valid" {
  command = plan
  assert {
    condition     = length(terraform_data.topology.input.nodes) == length(var.nodes)
    error_message = "Every node is in the plan."
  }
}

run "the_key_goes_into_the_secrets_and_into_no_patch" {
  command = plan
  assert {
    condition     = nonsensitive(output.secretbox_secrets) == { secretbox_encryption_secret = nonsensitive(var.talos_secretbox_key) }
    error_message = "Exactly secrets.secretbox_encryption_secret is replaced."
  }
  assert {
    condition     = !strcontains(jsonencode(output.node_patches), nonsensitive(var.talos_secretbox_key))
    error_message = "A patch goes to every node; the key of etcd does not."
  }
}

run "every_machine_has_a_card_of_its_own" {
  command = plan
  assert {
    condition     = length(distinct(values(local.node_macs))) == length(var.nodes)
    error_message = "Two nodes have one MAC address: rename one of them."
  }
}

run "a_key_of_another_length_is_refused" {
  command = plan
  variables {
    talos_secretbox_key = "c2hvcnQ="
  }
  expect_failures = [terraform_data.topology]
}

run "an_address_by_dhcp_is_refused" {
  command = plan
  variables {
    nodes = { only = { role = "controlplane", ip = "dhcp", vm_id = 100 } }
  }
  expect_failures = [var.nodes]
}

run "an_even_control_plane_is_refused" {
  command = plan
  variables {
    nodes = {
      one = { role = "controlplane", ip = cidrhost("\${var.network_gateway}/\${var.network_prefix}", 2), vm_id = 100 }
      two = { role = "controlplane", ip = cidrhost("\${var.network_gateway}/\${var.network_prefix}", 3), vm_id = 101 }
    }
  }
  expect_failures = [var.nodes]
}

run "an_unencrypted_host_is_refused" {
  command = plan
  variables {
    infisical_host = "http://localhost"
  }
  expect_failures = [var.infisical_host]
}
`
