import type { StoringProvider } from '../../../core/provider/registry.ts'
/** `variables.tf` of a castle: the schema, with every rule that Terraform itself can check. The same for all. */
export function variablesTf(provider: StoringProvider): string {
  return HEAD + (provider === 'infisical' ? PROXMOX_BY_NAME : PROXMOX_TOKEN) + TAIL
}

const HEAD = `# The schema: every value that makes this castle what it is, its type and its rules. Values of the topology are in
# terraform.tfvars (committed), secrets come from tazpod in secrets.auto.tfvars (in memory, only inside a command).

variable "castle_name" {
  type        = string
  description = "Name of the castle and of its cluster."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,29}[a-z0-9]$", var.castle_name))
    error_message = "A castle's name has lower-case letters, digits and -, and starts with a letter."
  }
}

# --- Network and nodes -------------------------------------------------------------------------------------------

variable "cluster_endpoint" {
  type        = string
  description = "Virtual address of the control plane."
  validation {
    condition     = can(cidrhost("\${var.cluster_endpoint}/32", 0))
    error_message = "The endpoint is a fixed IPv4 address."
  }
  validation {
    condition     = !contains([for node in var.nodes : node.ip], var.cluster_endpoint)
    error_message = "The endpoint is an address of its own: no node has it."
  }
}

variable "nodes" {
  type = map(object({
    role  = string
    ip    = string
    vm_id = number
  }))
  description = "The machines, by host name. Addresses are fixed: etcd and certificates remember them."
  validation {
    condition     = alltrue([for node in var.nodes : can(cidrhost("\${node.ip}/32", 0))])
    error_message = "Every node has a fixed IPv4 address (no DHCP)."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : node.ip])) == length(var.nodes)
    error_message = "Two nodes have one address."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : node.vm_id])) == length(var.nodes)
    error_message = "Two nodes have one VM id."
  }
  validation {
    condition     = alltrue([for node in var.nodes : contains(["controlplane", "worker"], node.role)])
    error_message = "A node is a controlplane or a worker."
  }
  validation {
    condition     = length([for node in var.nodes : node if node.role == "controlplane"]) % 2 == 1
    error_message = "The number of control plane nodes is odd: an even number survives no more."
  }
}

variable "node_size" {
  type = object({
    cores  = optional(number, 2)
    memory = optional(number, 4096)
    disk   = optional(number, 20)
  })
  description = "Cores, memory (MiB) and disk (GiB) of each node."
  default     = {}
}

variable "network_prefix" {
  type        = number
  description = "Length of the network prefix."
  validation {
    condition     = var.network_prefix >= 8 && var.network_prefix <= 30
    error_message = "The prefix is between 8 and 30."
  }
}

variable "network_gateway" {
  type        = string
  description = "Gateway of the nodes."
}

variable "dns_servers" {
  type        = list(string)
  description = "Name servers of the nodes."
}

variable "kubernetes_port" {
  type        = number
  description = "Port of the Kubernetes API on the endpoint."
  default     = 6443
}

# --- Proxmox -----------------------------------------------------------------------------------------------------

variable "proxmox_endpoint" {
  type        = string
  description = "Address of the Proxmox API. Its certificate is always verified."
  validation {
    condition     = startswith(var.proxmox_endpoint, "https://")
    error_message = "The Proxmox API is reached by https."
  }
}

variable "proxmox_node" {
  type        = string
  description = "Proxmox node that runs the machines."
}

variable "proxmox_datastore" {
  type        = string
  description = "Datastore of the disks."
}

variable "proxmox_bridge" {
  type        = string
  description = "Network bridge of the machines."
}

`

const PROXMOX_TOKEN = `variable "proxmox_api_token" {
  type        = string
  description = "user@realm!name=uuid"
  sensitive   = true
  ephemeral   = true # its rule is in providers.tf: a validation here would quote the value when it fails
}

`

const PROXMOX_BY_NAME = `variable "proxmox_token_name" {
  type        = string
  description = "Name of the Proxmox token in Infisical; Terraform reads its value at run time."
}

variable "infisical_token" {
  type        = string
  description = "Short-lived token of tazpod's own login: Terraform never sees a client secret that lasts."
  sensitive   = true
  ephemeral   = true
}

`

const TAIL = `# --- Talos and Kubernetes ----------------------------------------------------------------------------------------

variable "talos_image" {
  type        = string
  description = "nocloud-amd64.qcow2 of factory.talos.dev, on a Proxmox storage with the content type import."
}

variable "talos_version" {
  type        = string
  description = "Version of Talos."
  validation {
    condition     = can(regex("^v1\\\\.[0-9]+\\\\.[0-9]+", var.talos_version))
    error_message = "A version of Talos 1, written as v1.13.0."
  }
}

variable "kubernetes_version" {
  type        = string
  description = "Version of Kubernetes, without v."
  validation {
    condition     = can(regex("^[0-9]+\\\\.[0-9]+\\\\.[0-9]+", var.kubernetes_version))
    error_message = "Written as 1.36.0."
  }
}

# Not ephemeral: Talos keeps it in the machine config, so it is in the state too. Treat the state as a secret. Its rule
# is in main.tf: a validation here would quote the line of the tfvars file, and with it the key, when it fails.
variable "talos_secretbox_key" {
  type        = string
  description = "Key that encrypts Secrets in etcd: 32 random bytes in base64, made by \`tazpod castle secretbox new\`."
  sensitive   = true
}

variable "talos_secretbox_next_key" {
  type        = string
  description = "The key that takes over while \`tazpod castle secretbox rotate\` is under way, else the same."
  sensitive   = true
}

# rotation.auto.tfvars.json, which tazpod writes, says the rest: names of keys in etcd are a part of every value.
variable "talos_secretbox_key_name" {
  type        = string
  description = "What the key is called in etcd. Talos' own is key2."
  default     = "key2"
}

variable "talos_secretbox_next_key_name" {
  type        = string
  description = "What the key that takes over is called."
  default     = "key3"
}

variable "talos_secretbox_next_first" {
  type        = bool
  description = "Whether the key that takes over writes already."
  default     = false
}

# --- Infisical, External Secrets, Flux ---------------------------------------------------------------------------

variable "infisical_host" {
  type        = string
  description = "Origin of Infisical, without /api: every version of every client takes that."
  validation {
    condition     = can(regex("^https://[^/]+$", var.infisical_host))
    error_message = "Scheme and host only."
  }
}

variable "infisical_project_id" {
  type        = string
  description = "Id of the project (workspace)."
}

variable "infisical_project_slug" {
  type        = string
  description = "Slug of the project."
}

variable "infisical_environment" {
  type        = string
  description = "Slug of the environment."
}

variable "infisical_path" {
  type        = string
  description = "Folder of what makes this castle: key, tokens, kubeconfig. Nothing in the cluster reads it."
  validation {
    condition     = startswith(var.infisical_path, "/")
    error_message = "A folder begins with /."
  }
}

variable "infisical_apps_path" {
  type        = string
  description = "Folder of what runs in the cluster, the only one that External Secrets reads."
  validation {
    condition     = startswith(var.infisical_apps_path, "/")
    error_message = "A folder begins with /."
  }
  validation {
    condition     = !startswith("\${var.infisical_path}/", "\${trimsuffix(var.infisical_apps_path, "/")}/")
    error_message = "It is neither the folder of the infrastructure nor one above it."
  }
}

variable "apps_namespaces" {
  type        = list(string)
  description = "Namespaces that may read the folder of the apps."
  validation {
    condition     = length(var.apps_namespaces) > 0
    error_message = "At least one: without any, External Secrets would let every namespace read it."
  }
}

variable "infisical_client_id" {
  type        = string
  description = "Machine identity of the External Secrets Operator."
  sensitive   = true
  ephemeral   = true
}

variable "infisical_client_secret" {
  type        = string
  description = "Its secret. Handed to the cluster once and kept out of the state."
  sensitive   = true
  ephemeral   = true
}

variable "identity_revision" {
  type        = number
  description = "Raise it after the machine identity was rotated: write-only values show no difference."
  default     = 1
}

variable "eso_chart_repository" {
  type        = string
  description = "Where the chart of the External Secrets Operator is."
}

variable "eso_version" {
  type        = string
  description = "Version of the External Secrets Operator."
  validation {
    condition     = can(regex("^[0-9]+\\\\.[0-9]+\\\\.[0-9]+", var.eso_version))
    error_message = "Written as 2.9.0."
  }
}

variable "eso_api_version" {
  type        = string
  description = "apiVersion that this version serves: v1beta1 before 0.16, v1 since."
  validation {
    condition     = contains(["external-secrets.io/v1beta1", "external-secrets.io/v1"], var.eso_api_version)
    error_message = "external-secrets.io/v1beta1 or external-secrets.io/v1."
  }
}

variable "eso_namespace" {
  type        = string
  description = "Namespace of the operator and of its identity Secret."
  default     = "external-secrets"
}

variable "flux_chart_repository" {
  type        = string
  description = "Where the chart of Flux is."
}

variable "flux_version" {
  type        = string
  description = "Version of the Flux chart."
}

variable "flux_namespace" {
  type        = string
  description = "Namespace of Flux."
  default     = "flux-system"
}

variable "gitops_repository" {
  type        = string
  description = "Repository that Flux follows."
}

variable "gitops_branch" {
  type        = string
  description = "Its branch."
}

variable "gitops_path" {
  type        = string
  description = "Folder of this castle in it. No other castle has it."
}
`
