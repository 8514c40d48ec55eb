/**
 * What tazpod knows about tools: how each one wants its credentials (a file, its name, the variable with the path)
 * and what a command gets besides. Paths go into the environment, values never.
 */

/** How a secret is laid out for a tool. */
export interface FilePreset {
  file: string
  /** Variable that carries the path of the file. */
  env?: string
  extraEnv?: readonly ExtraEnv[]
}

/** A further variable: the folder of the file, or an ssh command line with the file as its only key. */
export interface ExtraEnv {
  name: string
  holds: 'directory' | 'ssh-command'
}

const kubeconfig: FilePreset = { file: 'kubeconfig', env: 'KUBECONFIG' }
const ansible: FilePreset = { file: 'vault-password', env: 'ANSIBLE_VAULT_PASSWORD_FILE' }
const terraformConfig: FilePreset = { file: 'terraform.tfrc', env: 'TF_CLI_CONFIG_FILE' }
const sshKey: FilePreset = {
  file: 'ssh-key',
  env: 'TAZPOD_SSH_KEY',
  extraEnv: [
    { name: 'GIT_SSH_COMMAND', holds: 'ssh-command' },
    { name: 'RSYNC_RSH', holds: 'ssh-command' },
  ],
}

/** `preset:` of a secret. */
const FILE_PRESETS = new Map<string, FilePreset>([
  ['kubectl', kubeconfig],
  ['k9s', kubeconfig],
  ['flux', kubeconfig],
  ['helm', kubeconfig],
  ['talosctl', { file: 'talosconfig', env: 'TALOSCONFIG' }],
  ['terraform', terraformConfig],
  ['tofu', terraformConfig],
  ['aws', { file: 'credentials', env: 'AWS_SHARED_CREDENTIALS_FILE' }],
  ['aws-config', { file: 'config', env: 'AWS_CONFIG_FILE' }],
  ['ansible', ansible],
  ['ansible-playbook', ansible],
  ['ansible-vault', ansible],
  ['sops', { file: 'age.key', env: 'SOPS_AGE_KEY_FILE' }],
  ['docker', { file: 'config.json', extraEnv: [{ name: 'DOCKER_CONFIG', holds: 'directory' }] }],
  ['ssh', sshKey],
  ['git', sshKey],
  ['scp', sshKey],
  ['rsync', sshKey],
])

/** Names that say by themselves which tool they are for; used where the project says neither file nor variable. */
const WELL_KNOWN = new Map<string, string>([
  ...names('kubectl', 'KUBECONFIG', 'KUBECONFIG_CONTENT'),
  ...names('talosctl', 'TALOSCONFIG', 'TALOSCONFIG_CONTENT'),
  ...names('terraform', 'TF_CLI_CONFIG_FILE', 'TF_CLI_CONFIG_FILE_CONTENT'),
  ...names(
    'aws',
    'AWS_SHARED_CREDENTIALS_FILE',
    'AWS_SHARED_CREDENTIALS_FILE_CONTENT',
    'AWS_CREDENTIALS_CONTENT',
  ),
  ...names('aws-config', 'AWS_CONFIG_FILE', 'AWS_CONFIG_FILE_CONTENT'),
  ...names(
    'ansible',
    'ANSIBLE_VAULT_PASSWORD',
    'ANSIBLE_VAULT_PASSWORD_FILE',
    'ANSIBLE_VAULT_PASSWORD_CONTENT',
  ),
  ...names('sops', 'SOPS_AGE_KEY', 'SOPS_AGE_KEY_FILE', 'SOPS_AGE_KEY_CONTENT'),
  ...names('docker', 'DOCKER_CONFIG_JSON', 'DOCKER_CONFIG_CONTENT'),
  ...names('ssh', 'SSH_PRIVATE_KEY', 'SSH_PRIVATE_KEY_CONTENT'),
])

/** A variable that a command gets whatever it is granted; it never replaces what the caller has set. */
interface StaticEnv {
  name: string
  value: string
}

const terraformEnv: readonly StaticEnv[] = [{ name: 'CHECKPOINT_DISABLE', value: '1' }]
const COMMAND_ENV = new Map<string, readonly StaticEnv[]>([
  ['terraform', terraformEnv],
  ['tofu', terraformEnv],
])

/** Every word that `preset:` takes. */
export function presetNames(): string[] {
  return [...FILE_PRESETS.keys()]
}

export function filePreset(name: string): FilePreset | undefined {
  return FILE_PRESETS.get(name)
}

/** The preset that a secret's name stands for, if it is a well-known one such as `KUBECONFIG_CONTENT`. */
export function wellKnownPreset(secret: string): string | undefined {
  return WELL_KNOWN.get(secret)
}

/** As `wellKnownPreset`, also for a name with something in front: `BLUE_KUBECONFIG_CONTENT` of a castle. */
export function presetFor(secret: string): string | undefined {
  return [...WELL_KNOWN].find(([name]) => secret === name || secret.endsWith(`_${name}`))?.[1]
}

/** Environment of a command, by its basename or by the preset that the project names for it. */
export function commandEnv(command: string): readonly StaticEnv[] {
  return COMMAND_ENV.get(command) ?? []
}

/** A child that is given secrets writes files that others can't read, unless the project says otherwise. */
export const PRIVATE_UMASK = 0o077

function names(preset: string, ...secrets: string[]): [string, string][] {
  return secrets.map((secret) => [secret, preset])
}
