/**
 * A labelled set for what is a secret in Terraform code: planted ones of every kind, and what public Talos and Terraform
 * repositories have that looks like one (siderolabs/contrib, rgl/terraform-proxmox-talos, hcloud-talos and others).
 */
import { expect, test } from 'vitest'
import { secretIn } from '../../src/castle/core/lint/secret-values.ts'
import { PUBLIC_FINE, PUBLIC_SECRETS } from './public-lines.ts'

const HEX64 = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba'
const KEY = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA='
const DATA = 'TUlJRXBBSUJBQUtDQVFFQXh3cGx6T1pLc1hLd2s5OHh5MXFvd2Z0TGc4'

const SECRETS: readonly [name: string, value: string][] = [
  ['password', 'gitea'], // rgl/terraform-proxmox-talos, gitea.tf
  ['password', 'hunter2'],
  ['password', 'correct horse battery staple'],
  ['admin_password', 'S3cur3!'],
  ['rootPassword', 'talos123'],
  ['DB_PASSWORD', 'pa55-w0rd'],
  ['postgresql_passwd', 'geheim'],
  ['passphrase', 'gravel onyx tuba'],
  ['secret_key', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzKEY'],
  ['access_key', 'minioadmin42xQ7z'],
  ['token', '9f86d081884c7d659a2feaa0c55ad015'],
  ['hcloud_token', 'jEheVytlAoFl7F8MqUQ7jAo2hOXASztX'],
  ['api_key', 'a8f5f167f44f4964e6c998dee827110c'],
  ['client_secret', 'Zx9~Q.7yU3kLp0sV2bNm4'],
  ['webhook', 'https://hooks.slack.com/services/T0001/B0002/abcdefGHIJKL'],
  ['url', 'https://discord.com/api/webhooks/1234567890/AbCdEf'],
  ['dsn', 'postgres://app:s3cret@db.lan:5432/app'],
  ['connection_string', 'amqp://guest:rabbit99@mq.lan/'],
  ['repository', 'https://bot:x8Kp2mQz@git.lan/ada/lab.git'],
  ['ssh_key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n'],
  ['identity', 'AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQ'],
  ['x', 'ghp_0123456789abcdefghijABCDEFGHIJ012345'],
  ['x', 'glpat-abcdefghij0123456789'],
  ['x', 'AKIAIOSFODNN7EXAMPLE'],
  ['x', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abc'],
  ['proxmox', 'terraform@pve!castle=01234567-89ab-cdef-0123-456789abcdef'],
  ['secretboxEncryptionSecret', KEY],
  ['value', KEY],
  ['manifest', `apiVersion: v1\nkind: Config\nusers:\n  - user:\n      client-key-data: ${DATA}\n`],
  ['manifest', 'apiVersion: v1\nkind: Secret\nstringData:\n  password: hunter22\n'],
  ['env', 'HOST=db\nDB_PASSWORD=hunter22\nPORT=1\n'],
  ['user_data', '#cloud-config\nchpasswd:\n  list: x\npassword: talos123\n'],
  ['kubeconfig', 'users:\n- name: a\n  user:\n    token: 9f86d081884c7d659a2feaa0c55ad015\n'],
  ['cluster_token', 'K10abcdef0123456789abcdef::server:0123456789ab'],
  ['ENCRYPTION_KEY', 'f3a1c0ffee00112233445566778899aa'],
  ['stripe', 'sk_live_0123456789abcdefABCDEF'],
]

const FINE: readonly [name: string, value: string][] = [
  ['schematic_id', HEX64],
  ['talos_schematic', HEX64],
  ['checksum', HEX64],
  ['image_sha256', HEX64],
  ['source_hash', `sha256:${HEX64}`],
  ['h1', `h1:${KEY}`],
  ['access_token_validity', '24h'],
  ['kubeconfig_endpoint_mode', 'public_ip'],
  ['talosconfig_endpoints_mode', 'public_ip'],
  ['secretName', 'gitea-tls'],
  ['DB_TYPE', 'sqlite3'],
  ['token_ttl', '15m'],
  ['password_policy', 'AtLeastTwelve1'],
  ['private_key_path', '~/.oci/oci_main_terraform.pem'],
  ['private_key', '~/.ssh/id_ed25519'],
  ['ssh_public_key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGk8'],
  ['secret_name', 'universal-auth-credentials'],
  ['secret', 'proxmox-credentials'],
  ['token', 'infisical-token'],
  ['external_secrets_repository', 'https://charts.external-secrets.io'],
  ['secret_store', 'cluster-store'],
  ['service_endpoints', 'Microsoft.Storage'],
  ['dns_domain', 'cluster.local'],
  ['path', '/healthz'],
  ['password', ''],
  ['password', 'changeme'],
  ['token', '<your token>'],
  ['token', 'your-token-here'],
  ['api_key', 'xxxxxxxxxxxx'],
  ['secret_key', '{{ .Values.secretKey }}'],
  ['client_secret', 'projects/lab/secrets/oidc'],
  ['token', 'vault:secret/data/app#token'],
  ['password', 'op://lab/db/password'],
  ['kubeconfig', './kubeconfig'],
  ['talosconfig', 'talosconfig.yaml'],
  ['secret_type', 'Opaque'],
  ['key_name', 'key2'],
  ['fingerprint', '20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34'],
  ['commit', '4e1f2d3c4b5a69788796a5b4c3d2e1f001234567'],
  ['project_id', '0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0'],
  ['url', `https://factory.talos.dev/image/${HEX64}/v1.14.2/nocloud-amd64.qcow2`],
  ['token_url', 'https://login.lan/oauth/token'],
  ['repository', 'https://git.lan/ada/lab.git'],
  ['manifest', 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ntype: Opaque\n'],
  ['store', 'auth:\n  clientSecret:\n    name: universal-auth-credentials\n    key: clientSecret\n'],
  ['config', `certificate-authority-data: ${DATA}\nserver: https://10.0.0.1:6443\n`],
]

test('public code: every literal secret is found, and nothing else is called one', () => {
  expect(PUBLIC_SECRETS.filter(([name, value]) => secretIn(name, value) === undefined)).toEqual([])
  expect(PUBLIC_FINE.filter(([name, value]) => secretIn(name, value) !== undefined)).toEqual([])
})

/** Of what is called a secret, how much is one; of what is one, how much is called so. */
function measured(): { precision: number; recall: number; missed: string[]; wrong: string[] } {
  const missed = SECRETS.filter(([name, value]) => secretIn(name, value) === undefined).map(String)
  const wrong = FINE.filter(([name, value]) => secretIn(name, value) !== undefined).map(String)
  const right = SECRETS.length - missed.length
  return { precision: right / (right + wrong.length), recall: right / SECRETS.length, missed, wrong }
}

test('precision and recall on the labelled set are both at least 0.9', () => {
  const { precision, recall, missed, wrong } = measured()
  expect(
    [precision, recall].map((one) => one >= 0.9),
    JSON.stringify({ precision, recall, missed, wrong }, null, 1),
  ).toEqual([true, true])
})

test('what the issue named is right, one by one', () => {
  expect(measured()).toMatchObject({ missed: [], wrong: [] })
})

test('the place of a secret inside of a text is its line or its address', () => {
  const env = 'HOST=db\n  DB_PASSWORD=hunter22\n'
  expect(secretIn('env', env)).toEqual({ at: env.indexOf('DB_'), length: 'DB_PASSWORD=hunter22'.length })
  const text = `url = postgres://app:s3cret@db`
  expect(secretIn('x', text)).toMatchObject({ at: 6 })
})
