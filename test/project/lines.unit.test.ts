import { expect, test } from 'vitest'
import { grantTable } from '../../src/core/grant/grants.ts'
import { importCommand } from '../../src/core/grant/import-command.ts'
import type { BindRule, ProjectConfig } from '../../src/core/grant/model.ts'
import { secretNames } from '../../src/core/grant/named-secrets.ts'
import { ignoreLines } from '../../src/core/project/gitignore.ts'
import { grantLine, settingLines, warningLines } from '../../src/core/project/trust-terms.ts'

const CONFIG: ProjectConfig = {
  version: 1,
  provider: 'vault',
  session: { idle: 1800, max: 43_200, scope: 'user', proof: 300, lockOnExit: false },
  secrets: [
    { name: 'KUBE', file: 'config', env: 'KUBECONFIG', as: 'file' },
    { name: 'TOKEN', as: 'value' },
  ],
  binds: [
    {
      path: 'infra/a.tfvars',
      format: 'tfvars',
      values: [
        { key: 'k', secret: 'BOUND' },
        { key: 'i', identity: 'clientId' },
      ],
    },
  ],
}

const INFISICAL = { project: 'p', environment: 'e', offline: false, paths: [{ path: '/', recursive: false }] }

test('every way of granting more is another line', () => {
  const lines = (config: ProjectConfig) =>
    [...settingLines(config), ...grantTable(config).map(grantLine)].join('\n')
  const base = lines(CONFIG)
  const [kube, token] = CONFIG.secrets
  const wider: Partial<ProjectConfig>[] = [
    { provider: 'infisical' },
    { vault: 'x.age' },
    { session: { ...CONFIG.session, idle: 0 } },
    { session: { ...CONFIG.session, max: 50_000 } },
    {
      infisical: { project: 'p', environment: 'e', offline: false, paths: [{ path: '/', recursive: false }] },
    },
    { infisical: { ...INFISICAL, identity: 'other' } },
    { infisical: { ...INFISICAL, offline: true } },
    { infisical: { ...INFISICAL, paths: [{ path: '/', recursive: true }] } },
    { infisical: { ...INFISICAL, paths: [{ path: '/', recursive: false, prefix: 'A_' }] } },
    { secrets: [{ ...kube!, path: '/other' }, token!] },
    { secrets: [{ ...kube!, as: 'value' }, token!] },
    { secrets: [{ ...kube!, file: 'other' }, token!] },
    { secrets: [{ ...kube!, env: 'OTHER' }, token!] },
    { binds: [{ ...CONFIG.binds[0]!, path: 'b' }] },
    { binds: [{ ...CONFIG.binds[0]!, values: [{ key: 'k', secret: 'OTHER' }] }] },
    { commands: [{ command: 'sh', secrets: ['KUBE'], binds: [] }] },
    { commands: [{ command: 'sh', secrets: ['KUBE'], binds: [], umask: 0o022 }] },
  ]
  const seen = new Set([base, ...wider.map((change) => lines({ ...CONFIG, ...change }))])
  expect(seen.size).toBe(wider.length + 1)
})

test('names of secrets come once, from secrets and binds, without parts of the identity', () => {
  expect(secretNames(CONFIG)).toEqual(['KUBE', 'TOKEN', 'BOUND'])
})

test('.gitignore lines name exactly the placeholders, and the leftovers of a project vault', () => {
  expect(ignoreLines(CONFIG)).toEqual(['/infra/a.tfvars'])
  expect(ignoreLines({ ...CONFIG, binds: [], vault: '.tazpod/vault.age' })).toEqual([
    '/.tazpod/*generations/',
    '/.tazpod/.*.lock',
    '/.tazpod/.tazpod-*.tmp',
  ])
  const odd: BindRule = { path: 'a*[b]?\\ ', format: 'raw', values: [] }
  expect(ignoreLines({ ...CONFIG, binds: [odd] })).toEqual(['/a\\*\\[b\\]\\?\\\\\\ '])
})

test.each<[BindRule, string]>([
  [{ path: 'a.env', format: 'dotenv', values: [] }, 'tazpod vault import a.env --format dotenv --empty'],
  [
    { path: 'x/s.tfvars', format: 'tfvars', values: [] },
    'tazpod vault import x/s.tfvars --as X_S_TFVARS --empty',
  ],
  [
    { path: '1.pem', format: 'raw', values: [{ key: 'k', secret: 'PEM' }] },
    'tazpod vault import 1.pem --as PEM --empty',
  ],
  [{ path: '1.pem', format: 'raw', values: [] }, 'tazpod vault import 1.pem --as _1_PEM --empty'],
  [{ path: '-a b', format: 'json', values: [] }, "tazpod vault import './-a b' --format json --empty"],
])('the command that takes clear text into the vault: %j', (bind, command) => {
  expect(importCommand(bind)).toBe(command)
})

test('what deserves a second look is a line of its own', () => {
  const [kube, token] = CONFIG.secrets
  const lines = warningLines({
    ...CONFIG,
    secrets: [
      { ...kube!, env: 'GNUPGHOME' },
      { ...token!, env: 'VAULT_ADDR', file: 't\u0435xt' },
    ],
    binds: [{ ...CONFIG.binds[0]!, path: 'a/b\u200b.tfvars' }],
  })
  expect(lines).toEqual([
    `${kube!.name} sets GNUPGHOME, which moves the folder where programs look for their keys`,
    `${token!.name} sets VAULT_ADDR, which sends credentials to another server`,
    `the file of ${token!.name} "t\\u{435}xt" has letters of two scripts: U+0435 is Cyrillic, others are Latin`,
    'the bind "a/b\\u{200b}.tfvars" has the invisible character U+200B',
  ])
  expect(warningLines(CONFIG)).toEqual([])
})
