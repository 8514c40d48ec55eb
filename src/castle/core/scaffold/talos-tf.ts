import { NEWEST_MINOR, OLDEST_MINOR } from '../talos-versions.ts'

/**
 * `talos.tf` of a castle: what Talos is told about each node, without a provider, so that the contract module can prove
 * it offline. Talos writes and takes its configs in three generations (siderolabs/talos, V1Alpha1ConflictValidate): up
 * to 1.11 one document; 1.12 and 1.13 the same, and documents for the network; from 1.14 on a document for each thing,
 * and none of them beside its old field.
 */
export const TALOS_TF = `# What Talos is told about each node, in the form of its version. No provider: contract/ proves it offline.

locals {
  talos_minor = tonumber(regex("^v1\\\\.([0-9]+)\\\\.", var.talos_version)[0])
  link        = "net0"

  # A worker never gets it: Talos leaves the key of etcd out of their configs.
  secretbox_secrets = { secretbox_encryption_secret = var.talos_secretbox_key }

  # The card of each machine by its address, so that a config finds it whatever the kernel calls it.
  node_macs = {
    for name, node in var.nodes : name => join(":", concat(
      ["bc", "24", "11"],
      [for at in [0, 2, 4] : substr(sha256("\${var.castle_name}/\${name}"), at, 2)],
    ))
  }

  # Up to 1.11: one document.
  patches_one = {
    for name, node in var.nodes : name => [{
      machine = {
        network = {
          hostname    = name
          nameservers = var.dns_servers
          interfaces = [merge({
            deviceSelector = { hardwareAddr = local.node_macs[name] }
            addresses      = ["\${node.ip}/\${var.network_prefix}"]
            routes         = [{ network = "0.0.0.0/0", gateway = var.network_gateway }]
          }, node.role == "controlplane" ? { vip = { ip = var.cluster_endpoint } } : {})]
        }
      }
    }]
  }

  # From 1.12 on: a document for each part of the network. The generated HostnameConfig says auto: stable, which
  # excludes a name; off does not.
  patches_network = {
    for name, node in var.nodes : name => concat([
      { apiVersion = "v1alpha1", kind = "HostnameConfig", auto = "off", hostname = name },
      {
        apiVersion = "v1alpha1"
        kind       = "LinkAliasConfig"
        name       = local.link
        selector   = { match = "mac(link.permanent_addr) == \\"\${local.node_macs[name]}\\"" }
      },
      {
        apiVersion = "v1alpha1"
        kind       = "LinkConfig"
        name       = local.link
        addresses  = [{ address = "\${node.ip}/\${var.network_prefix}" }]
        routes     = [{ gateway = var.network_gateway }]
      },
      { apiVersion = "v1alpha1", kind = "ResolverConfig", nameservers = [for ip in var.dns_servers : { address = ip }] },
      ], node.role == "controlplane" ? [
      { apiVersion = "v1alpha1", kind = "Layer2VIPConfig", name = var.cluster_endpoint, link = local.link },
    ] : [])
  }

  # The certificate of the Kubernetes API has its own list: machine.certSANs is the one of the Talos API.
  api_server = (
    local.talos_minor >= 14
    ? yamlencode({ apiVersion = "v1alpha1", kind = "KubeAPIServerConfig", certExtraSANs = [var.cluster_endpoint] })
    : yamlencode({ cluster = { apiServer = { certSANs = [var.cluster_endpoint] } } })
  )

  # While the key is rotated, and afterwards, for its name: a document of our own in the place of the generated one. From
  # 1.14 on; before, Talos has one field for one key.
  encryption_rotates = nonsensitive(var.talos_secretbox_next_key != var.talos_secretbox_key)
  encryption_keys = concat(
    [{ name = var.talos_secretbox_key_name, secret = var.talos_secretbox_key }],
    [for key in [{ name = var.talos_secretbox_next_key_name, secret = var.talos_secretbox_next_key }] : key if local.encryption_rotates],
  )
  encryption = [
    { apiVersion = "v1alpha1", kind = "KubeEtcdEncryptionConfig", "$patch" = "delete" },
    {
      apiVersion = "v1alpha1"
      kind       = "KubeEtcdEncryptionConfig"
      config = {
        resources = [{
          resources = ["secrets"]
          providers = [{
            secretbox = { keys = var.talos_secretbox_next_first ? reverse(local.encryption_keys) : local.encryption_keys }
          }]
        }]
      }
    },
  ]
  encryption_patches = [
    for patch in local.encryption : yamlencode(patch)
    if local.encryption_rotates || var.talos_secretbox_key_name != "key2"
  ]

  node_patches = {
    for name, node in var.nodes : name => concat(
      [yamlencode({ machine = { certSANs = [var.cluster_endpoint] } })],
      [for patch in local.patches_network[name] : yamlencode(patch) if local.talos_minor >= 12],
      [for patch in local.patches_one[name] : yamlencode(patch) if local.talos_minor < 12],
      node.role == "controlplane" ? [local.api_server] : [],
    )
  }
}

check "secretbox_rotation" {
  assert {
    condition     = length(local.encryption_patches) == 0 || local.talos_minor >= 14
    error_message = "Only from Talos 1.14 on etcd can have another key than the one that Talos was given."
  }
}

check "talos_version" {
  assert {
    condition     = local.talos_minor >= ${OLDEST_MINOR} && local.talos_minor <= ${NEWEST_MINOR}
    error_message = "These configs were proved for Talos 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}; for another version the nearest form is written."
  }
}
`
