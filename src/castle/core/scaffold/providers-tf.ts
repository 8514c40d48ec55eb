import type { StoringProvider } from '../../../core/provider/registry.ts'
import { PROVIDERS } from '../defaults.ts'

/**
 * `providers.tf` of a castle. With Infisical the Proxmox token is read at run time by an ephemeral resource; with the
 * vault it is a variable that tazpod binds.
 */
export function providersTf(provider: StoringProvider): string {
  const infisical = provider === 'infisical'
  const token = infisical ? 'ephemeral.infisical_secret.proxmox_token.value' : 'var.proxmox_api_token'
  return HEAD + (infisical ? REQUIRED : '') + MIDDLE + token + TAIL + (infisical ? INFISICAL : TOKEN_RULE)
}

const HEAD = `terraform {
  required_version = ">= 1.11.0" # write-only arguments and ephemeral variables

  # The path is in castle.tfbackend, so that no two castles share a state by a forgotten literal.
  backend "local" {}

  required_providers {
`

const REQUIRED = `    infisical = {
      source  = "infisical/infisical"
      version = "${PROVIDERS.infisical}"
    }
`

const MIDDLE = `    proxmox = {
      source  = "bpg/proxmox"
      version = "${PROVIDERS.proxmox}"
    }
    talos = {
      source  = "siderolabs/talos"
      version = "${PROVIDERS.talos}"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "${PROVIDERS.kubernetes}"
    }
    helm = {
      source  = "hashicorp/helm"
      version = "${PROVIDERS.helm}"
    }
    kubectl = {
      source  = "alekc/kubectl"
      version = "${PROVIDERS.kubectl}"
    }
  }
}

provider "proxmox" {
  endpoint  = var.proxmox_endpoint
  api_token = `

const TAIL = `
}

provider "talos" {}

locals {
  cluster = talos_cluster_kubeconfig.this.kubernetes_client_configuration
}

provider "kubernetes" {
  host                   = local.cluster.host
  cluster_ca_certificate = base64decode(local.cluster.ca_certificate)
  client_certificate     = base64decode(local.cluster.client_certificate)
  client_key             = base64decode(local.cluster.client_key)
}

provider "helm" {
  kubernetes = {
    host                   = local.cluster.host
    cluster_ca_certificate = base64decode(local.cluster.ca_certificate)
    client_certificate     = base64decode(local.cluster.client_certificate)
    client_key             = base64decode(local.cluster.client_key)
  }
}

provider "kubectl" {
  host                   = local.cluster.host
  cluster_ca_certificate = base64decode(local.cluster.ca_certificate)
  client_certificate     = base64decode(local.cluster.client_certificate)
  client_key             = base64decode(local.cluster.client_key)
  load_config_file       = false
}
`

const TOKEN_RULE = `
# Holds nothing but a rule: a precondition names it and never the value, unlike the validation of a variable.
resource "terraform_data" "proxmox_token" {
  lifecycle {
    precondition {
      condition     = can(regex("^[^@!=]+@[^@!=]+![^@!=]+=.+$", var.proxmox_api_token))
      error_message = "proxmox_api_token is user@realm!name=uuid."
    }
  }
}
`

const INFISICAL = `
# The token that tazpod got by its own login. It ends by itself, and nothing of it is in the state.
provider "infisical" {
  host = var.infisical_host
  auth = {
    token = var.infisical_token
  }
}

ephemeral "infisical_secret" "proxmox_token" {
  name         = var.proxmox_token_name
  workspace_id = var.infisical_project_id
  env_slug     = var.infisical_environment
  folder_path  = var.infisical_path
}
`
