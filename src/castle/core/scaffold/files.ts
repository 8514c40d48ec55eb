import { type HclLine, hclString } from '../hcl-text.ts'
import { type CastleRecord, formatRecord } from '../record.ts'
import type { Topology } from '../topology.ts'
import { CONTRACT_TF, contractTest } from './contract.ts'
import { MAIN_TF } from './main-tf.ts'
import { backendFile, CASTLE_IGNORE, castleProject } from './project.ts'
import { providersTf } from './providers-tf.ts'
import { castleReadme } from './readme.ts'
import { TALOS_TF } from './talos-tf.ts'
import { terraformTfvars } from './tfvars.ts'
import { variablesTf } from './variables-tf.ts'

/** One file of a new castle. `link`: a symbolic link to another file of it. `private`: 0600. */
export interface ScaffoldFile {
  path: string
  /** Bytes only where a file of another castle is copied as it is. */
  content: string | Buffer
  link?: true
  private?: true
}

/** Every file of a castle. `.gitignore` is first: what must not be committed is ignored before it exists. */
export function scaffold(record: CastleRecord, topology: Topology): ScaffoldFile[] {
  const { provider } = record
  const extra: HclLine[] =
    provider === 'infisical' ? [['proxmox_token_name', hclString(record.secrets.proxmoxToken)]] : []
  return [
    { path: '.gitignore', content: CASTLE_IGNORE },
    { path: 'variables.tf', content: variablesTf(provider) },
    { path: 'terraform.tfvars', content: terraformTfvars(topology, extra) },
    { path: 'secrets.auto.tfvars', content: '', private: true },
    { path: 'providers.tf', content: providersTf(provider) },
    { path: 'talos.tf', content: TALOS_TF },
    { path: 'main.tf', content: MAIN_TF },
    { path: 'castle.tfbackend', content: backendFile(record) },
    { path: 'contract/main.tf', content: CONTRACT_TF },
    { path: 'contract/contract.tftest.hcl', content: contractTest(provider) },
    { path: 'contract/variables.tf', content: '../variables.tf', link: true },
    { path: 'contract/talos.tf', content: '../talos.tf', link: true },
    { path: 'contract/terraform.tfvars', content: '../terraform.tfvars', link: true },
    { path: 'tazpod.yaml', content: castleProject(record, topology) },
    { path: 'README.md', content: castleReadme(record, topology) },
    { path: 'castle.json', content: formatRecord(record).toString() },
  ]
}
