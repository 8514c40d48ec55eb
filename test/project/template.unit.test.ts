import { describe, expect, it } from 'vitest'
import { failureText } from '../../src/core/failure/words.ts'
import { parseLegacySecrets } from '../../src/core/project/legacy.ts'
import type { ProjectConfig } from '../../src/core/project/read.ts'
import { parseConfig } from '../../src/core/project/read.ts'
import type { TemplateInput } from '../../src/core/project/template.ts'
import { configTemplate } from '../../src/core/project/template.ts'
import { isSecretName } from '../../src/core/text/secret-name.ts'

function config(text: string): ProjectConfig {
  const parsed = parseConfig(text, 'tazpod.yaml')
  if (!parsed.ok) throw new Error(`${failureText(parsed.error).message}\n${text}`)
  return parsed.value
}

/** Folders of Infisical as a list of plain paths means them. */
function folders(paths: readonly string[]) {
  return { offline: false, paths: paths.map((path) => ({ path, recursive: false })) }
}

const inputs: [string, TemplateInput][] = [
  ['an empty vault project', { provider: 'vault', secrets: [] }],
  [
    'everything, with names at their bounds',
    {
      provider: 'infisical',
      vault: '.tazpod/my vault #1.age',
      infisical: {
        project: '0123',
        environment: 'null',
        offline: false,
        paths: [
          { path: '/', recursive: false },
          { path: '/terraform', recursive: false },
        ],
      },
      secrets: [
        { name: 'KUBECONFIG_CONTENT', file: 'kubeconfig', env: 'KUBECONFIG', as: 'file' },
        { name: 'N'.repeat(128), file: 'f'.repeat(255), env: 'E'.repeat(255), as: 'file' },
        { name: 'TOKEN', env: 'TOKEN', as: 'value' },
        { name: 'KEY', preset: 'ssh', as: 'file' },
        { name: 'NULL', file: '007', as: 'file' },
      ],
    },
  ],
  ['infisical without a project yet', { provider: 'infisical', secrets: [{ name: 'A', as: 'file' }] }],
]

describe('the file that init writes', () => {
  it.each(inputs)('%s: is right as it stands and says what went in', (_, input) => {
    const text = configTemplate(input)
    const read = config(text)
    expect(read.provider).toBe(input.provider)
    expect(read.vault).toBe(input.vault)
    expect(read.secrets).toEqual(input.secrets)
    if (input.infisical) expect(read.infisical).toEqual(input.infisical)
    expect(text.endsWith('\n')).toBe(true)
    expect(text).not.toMatch(/\n\n\n|[ \t]\n/)
  })

  it('has no line longer than 80 columns', () => {
    const lines = inputs.slice(0, 1).flatMap(([, input]) => configTemplate(input).split('\n'))
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    const wide = configTemplate({
      provider: 'vault',
      secrets: [{ name: 'A'.repeat(60), file: 'f'.repeat(60), as: 'file' }],
    })
    expect(wide.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it('shows examples in comments that are right once the # is taken away', () => {
    const text = configTemplate({ provider: 'vault', secrets: [] })
    const examples = text
      .split('\n')
      .filter((line) => /^# ( |secrets:|binds:|commands:|vault:)/.test(line))
      .map((line) => line.slice(2))
    const read = config(`version: 1\n${examples.join('\n')}`)
    expect(read.secrets).toHaveLength(2)
    expect(read.binds).toHaveLength(1)
    expect(read.commands).toHaveLength(3)
    expect(read.vault).toBe('.tazpod/vault.age')
  })
})

describe("the original's secrets.yml", () => {
  const LEGACY = `config:
  infisical_project_id: 6ee1-ab
  infisical_url: https://eu.infisical.com
  infisical_env: dev
  infisical_path: /apps
secrets:
  - name: SOPS_AGE_KEY
    file: age.key
    env: SOPS_AGE_KEY_FILE
  - name: KUBECONFIG_CONTENT
    file: .kube/kubeconfig
    env: KUBECONFIG
    path: /k8s
  - { name: bad-name, file: x }
  - { name: LOADER, file: a, env: LD_PRELOAD }
  - { name: TWIN, file: a, env: KUBECONFIG }
  - { name: TWIN, file: b }
`
  it('is read, and what can not be taken over is said', () => {
    const read = parseLegacySecrets(LEGACY, 'secrets.yml')
    expect(read).toEqual({
      ok: true,
      value: {
        project: '6ee1-ab',
        environment: 'dev',
        host: 'https://eu.infisical.com',
        paths: ['/apps', '/k8s'],
        secrets: [
          { name: 'SOPS_AGE_KEY', file: 'age.key', env: 'SOPS_AGE_KEY_FILE', as: 'file' },
          { name: 'KUBECONFIG_CONTENT', file: 'kubeconfig', env: 'KUBECONFIG', as: 'file' },
          { name: 'LOADER', file: 'a', as: 'file' },
          { name: 'TWIN', as: 'file' },
        ],
        notes: [
          'the server "https://eu.infisical.com" was left out: it belongs to the identity in the vault',
          'line 14: "bad-name" was left out: it is not a name of a secret',
          'line 15: "LD_PRELOAD" of LOADER was left out: it may not be set by a project: it makes every program load foreign code',
          'line 16: the file of TWIN is taken already',
          'line 16: KUBECONFIG of TWIN is taken already',
          'line 17: TWIN was left out: it is there twice',
        ],
      },
    })
    if (!read.ok) return
    const { secrets, paths, project = '', environment = '' } = read.value
    const written = config(
      configTemplate({
        provider: 'infisical',
        infisical: { project, environment, ...folders(paths) },
        secrets,
      }),
    )
    expect(written.secrets).toEqual(secrets)
    expect(secrets.every(({ name }) => isSecretName(name))).toBe(true)
  })

  it.each(['', '- a\n', 'secrets: x\n', 'secrets: [{ file: a }]\n', 'a: [\n', '\0'])('refuses %j', (text) => {
    expect(parseLegacySecrets(text, 'secrets.yml')).toMatchObject({
      ok: false,
      error: { reason: 'config-invalid' },
    })
  })

  it('leaves out a project id that is a placeholder', () => {
    const read = parseLegacySecrets(
      'config: { infisical_project_id: "<your id>", infisical_path: a b }\nsecrets: []\n',
      'secrets.yml',
    )
    expect(read.ok && read.value).toMatchObject({ paths: [], secrets: [] })
    expect(read.ok && read.value.notes).toHaveLength(2)
  })
})
