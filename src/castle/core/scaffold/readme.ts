import type { CastleRecord } from '../record.ts'
import type { Topology } from '../topology.ts'

/** README.md of a castle: what to type, and what is where. */
export function castleReadme(record: CastleRecord, topology: Topology): string {
  const { name, secrets, provider } = record
  const needed = [secrets.proxmoxToken, secrets.clientId, secrets.clientSecret]
  return `# Castle ${name}

A Talos cluster in Terraform. No secret is in this folder: they come from ${provider === 'vault' ? 'the vault of tazpod' : `Infisical, folder ${topology.infisical_path}`} and exist only inside a command.

\`\`\`sh
tazpod vault init                   # once for you: the vault also keeps this castle's states
tazpod trust                        # once: what this folder's tazpod.yaml grants
${needed.map((secret) => (provider === 'vault' ? `tazpod vault set ${secret}` : `# in Infisical, ${topology.infisical_path}: ${secret}`)).join('\n')}
tazpod castle secretbox new         # the key that encrypts Secrets in etcd; never shown
tazpod pull
tazpod castle lint
terraform -chdir=contract init && terraform -chdir=contract test
tazpod castle plan
tazpod castle apply
tazpod castle publish               # kubeconfig and talosconfig into the store
\`\`\`

The machines boot from \`nocloud-amd64.qcow2\` of https://factory.talos.dev for ${topology.talos_version}. Put it on a Proxmox storage with the content type *import*, as \`${topology.talos_image}\`.

| file | what | in git |
|---|---|---|
| \`variables.tf\` | names, types, rules, safe defaults | yes |
| \`terraform.tfvars\` | the topology: addresses, versions, slugs | yes |
| \`secrets.auto.tfvars\` | an empty placeholder, filled only inside terraform | never |
| \`providers.tf\`, \`main.tf\`, \`talos.tf\` | logic without a value; talos.tf is what Talos is told, in the form of its version | yes |
| \`contract/\` | a module without providers: \`terraform test\` proves the topology offline | yes |
| \`castle.json\` | the fingerprint of the key and whether the cluster lives | yes |
| \`castle.tfbackend\` | where the state is | yes |
| \`terraform.tfstate\` | **every secret that Terraform read, in clear text** | never |

Whether the attributes in \`main.tf\` exist in the providers' versions shows \`terraform validate\` after \`terraform init\`; tazpod proved only the part that needs no provider.
`
}
