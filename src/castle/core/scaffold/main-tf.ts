/** `main.tf` of a castle. Nothing in it differs between castles. */
export const MAIN_TF = `# From the ground up: names, Talos secrets and configs, machines, cluster, identity, External Secrets, Flux. Each
# layer depends on the one below it, and nothing here is a value of this castle: those are in terraform.tfvars. What
# is said to Talos is in talos.tf.

locals {
  control_planes = { for name, node in var.nodes : name => node if node.role == "controlplane" }
  first_node     = local.control_planes[sort(keys(local.control_planes))[0]]
  cluster_url    = "https://\${var.cluster_endpoint}:\${var.kubernetes_port}"
}

# --- Talos: secrets and configs ----------------------------------------------------------------------------------

resource "talos_machine_secrets" "this" {
  talos_version = var.talos_version
  lifecycle {
    # A precondition names the rule and never the value, unlike the validation of a variable.
    precondition {
      condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.talos_secretbox_key))
      error_message = "talos_secretbox_key is standard base64 of exactly 32 bytes (44 characters), without a newline."
    }
  }
}

data "talos_machine_configuration" "node" {
  for_each         = var.nodes
  cluster_name     = var.castle_name
  cluster_endpoint = local.cluster_url
  machine_type     = each.value.role
  # The key goes in below the config: Talos writes it in the form of its version, and to control planes only.
  machine_secrets = merge(talos_machine_secrets.this.machine_secrets, {
    secrets = merge(talos_machine_secrets.this.machine_secrets.secrets, local.secretbox_secrets)
  })
  talos_version      = var.talos_version
  kubernetes_version = var.kubernetes_version
  config_patches     = concat(local.node_patches[each.key], each.value.role == "controlplane" ? local.encryption_patches : [])
}

data "talos_client_configuration" "this" {
  cluster_name         = var.castle_name
  client_configuration = talos_machine_secrets.this.client_configuration
  endpoints            = [for node in local.control_planes : node.ip]
  nodes                = [for node in var.nodes : node.ip]
}

# --- Machines ----------------------------------------------------------------------------------------------------

resource "proxmox_virtual_environment_vm" "node" {
  for_each  = var.nodes
  name      = each.key
  vm_id     = each.value.vm_id
  node_name = var.proxmox_node
  tags      = [var.castle_name, each.value.role]

  cpu {
    cores = var.node_size.cores
    type  = "host"
  }
  memory {
    dedicated = var.node_size.memory
  }
  disk {
    datastore_id = var.proxmox_datastore
    import_from  = var.talos_image # by the API alone; file_id would need SSH to the node
    interface    = "scsi0"
    size         = var.node_size.disk
  }
  network_device {
    bridge      = var.proxmox_bridge
    mac_address = upper(local.node_macs[each.key])
  }
  initialization {
    datastore_id = var.proxmox_datastore
    dns {
      servers = var.dns_servers
    }
    ip_config {
      ipv4 {
        address = "\${each.value.ip}/\${var.network_prefix}"
        gateway = var.network_gateway
      }
    }
  }
  operating_system {
    type = "l26"
  }
}

# --- Cluster -----------------------------------------------------------------------------------------------------

resource "talos_machine_configuration_apply" "node" {
  for_each                    = var.nodes
  client_configuration        = talos_machine_secrets.this.client_configuration
  machine_configuration_input = data.talos_machine_configuration.node[each.key].machine_configuration
  node                        = each.value.ip
  depends_on                  = [proxmox_virtual_environment_vm.node]
}

resource "talos_machine_bootstrap" "this" {
  client_configuration = talos_machine_secrets.this.client_configuration
  node                 = local.first_node.ip
  depends_on           = [talos_machine_configuration_apply.node]
}

resource "talos_cluster_kubeconfig" "this" {
  client_configuration = talos_machine_secrets.this.client_configuration
  node                 = local.first_node.ip
  depends_on           = [talos_machine_bootstrap.this]
}

# --- Identity of the operator ------------------------------------------------------------------------------------

resource "kubernetes_namespace_v1" "external_secrets" {
  metadata {
    name = var.eso_namespace
  }
}

# Write-only: the values are in the cluster and not in the state.
resource "kubernetes_secret_v1" "infisical_identity" {
  metadata {
    name      = "universal-auth-credentials"
    namespace = kubernetes_namespace_v1.external_secrets.metadata[0].name
  }
  data_wo = {
    clientId     = var.infisical_client_id
    clientSecret = var.infisical_client_secret
  }
  data_wo_revision = var.identity_revision
}

# --- External Secrets --------------------------------------------------------------------------------------------

resource "helm_release" "external_secrets" {
  name       = "external-secrets"
  repository = var.eso_chart_repository
  chart      = "external-secrets"
  version    = var.eso_version
  namespace  = kubernetes_namespace_v1.external_secrets.metadata[0].name
  atomic     = true
  wait       = true
}

resource "kubectl_manifest" "cluster_secret_store" {
  yaml_body = yamlencode({
    apiVersion = var.eso_api_version
    kind       = "ClusterSecretStore"
    metadata   = { name = "infisical", annotations = { infisicalProjectId = var.infisical_project_id } }
    spec = {
      conditions = [{ namespaces = var.apps_namespaces }]
      provider = {
        infisical = {
          hostAPI = var.infisical_host
          auth = {
            universalAuthCredentials = {
              for field in ["clientId", "clientSecret"] : field => {
                name      = kubernetes_secret_v1.infisical_identity.metadata[0].name
                namespace = kubernetes_secret_v1.infisical_identity.metadata[0].namespace
                key       = field
              }
            }
          }
          secretsScope = {
            projectSlug     = var.infisical_project_slug
            environmentSlug = var.infisical_environment
            secretsPath     = var.infisical_apps_path
          }
        }
      }
    }
  })
  depends_on = [helm_release.external_secrets]
}

# --- Flux --------------------------------------------------------------------------------------------------------

resource "helm_release" "flux" {
  name             = "flux"
  repository       = var.flux_chart_repository
  chart            = "flux2"
  version          = var.flux_version
  namespace        = var.flux_namespace
  create_namespace = true
  atomic           = true
  depends_on       = [kubectl_manifest.cluster_secret_store]
}

resource "kubectl_manifest" "flux_source" {
  yaml_body = yamlencode({
    apiVersion = "source.toolkit.fluxcd.io/v1"
    kind       = "GitRepository"
    metadata   = { name = var.castle_name, namespace = var.flux_namespace }
    spec = {
      interval = "5m"
      url      = var.gitops_repository
      ref      = { branch = var.gitops_branch }
    }
  })
  depends_on = [helm_release.flux]
}

resource "kubectl_manifest" "flux_kustomization" {
  yaml_body = yamlencode({
    apiVersion = "kustomize.toolkit.fluxcd.io/v1"
    kind       = "Kustomization"
    metadata   = { name = var.castle_name, namespace = var.flux_namespace }
    spec = {
      interval  = "10m"
      path      = var.gitops_path
      prune     = true
      sourceRef = { kind = "GitRepository", name = var.castle_name }
    }
  })
  depends_on = [kubectl_manifest.flux_source]
}

# --- What \`tazpod castle publish\` takes --------------------------------------------------------------------------

output "kubeconfig" {
  value     = talos_cluster_kubeconfig.this.kubeconfig_raw
  sensitive = true
}

output "talosconfig" {
  value     = data.talos_client_configuration.this.talos_config
  sensitive = true
}
`
