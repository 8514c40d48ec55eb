import { describe, expect, it } from 'vitest'
import { config, DESIGN, folders, problems } from './parsed.ts'

describe('a right tazpod.yaml', () => {
  it('is read with every default and as typed values', () => {
    expect(config(DESIGN)).toMatchObject({
      version: 1,
      provider: 'infisical',
      vault: '.tazpod/vault.age',
      infisical: {
        project: 'tazlab-k8s',
        environment: 'prod',
        offline: false,
        ...folders(['/', '/terraform']),
      },
      session: { idle: 1_800, max: 43_200, scope: 'user' },
      secrets: [
        { name: 'KUBECONFIG_CONTENT', file: 'kubeconfig', env: 'KUBECONFIG', as: 'file' },
        { name: 'TALOSCONFIG_CONTENT', file: 'talosconfig', env: 'TALOSCONFIG', as: 'file' },
        { name: 'GITHUB_TOKEN', env: 'GITHUB_TOKEN', as: 'value' },
      ],
      binds: [
        {
          path: 'infra/secrets.auto.tfvars',
          format: 'tfvars',
          values: [
            { key: 'infisical_client_id', identity: 'clientId' },
            { key: 'infisical_client_secret', identity: 'clientSecret' },
            { key: 'proxmox_token', secret: 'PROXMOX_TOKEN_SECRET' },
          ],
        },
      ],
      commands: [
        { command: 'terraform', secrets: [], binds: ['infra/secrets.auto.tfvars'] },
        { command: 'talosctl', secrets: ['TALOSCONFIG_CONTENT'], binds: [] },
        { command: '*', secrets: [], binds: [] },
      ],
    })
  })

  it('needs nothing but a version', () => {
    expect(config('version: 1')).toEqual({
      version: 1,
      provider: 'vault',
      session: { idle: 1_800, max: 43_200, scope: 'user', proof: 300, lockOnExit: false },
      secrets: [],
      binds: [],
    })
  })

  it.each([
    ['10m', 600],
    ['0', 0],
    ['never', 0],
  ])('reads for how long a passphrase counts: %s', (text, seconds) => {
    expect(config(`version: 1\nsession: { proof: ${text} }`).session.proof).toBe(seconds)
  })

  it('reads whether the exit of the last shell locks', () => {
    expect(config('version: 1\nsession: { lockOnExit: true }').session.lockOnExit).toBe(true)
    expect(config('version: 1\nsession: { lockOnExit: false }').session.lockOnExit).toBe(false)
  })

  it('reads CRLF, a BOM, "./" paths, an octal umask, "never" and a preset', () => {
    const value = config(
      '\uFEFFversion: 1\r\nsession: { idle: never }\r\nsecrets: [{ name: K, preset: kubectl }]\r\n' +
        'binds: [{ path: ./a/b, format: raw, values: { x: K } }]\r\n' +
        'commands: { make: { umask: 022, binds: [a/b], preset: terraform } }\r\n',
    )
    expect(value.session.idle).toBe(0)
    expect(value.binds[0]?.path).toBe('a/b')
    expect(value.commands?.[0]).toMatchObject({ umask: 0o022, binds: ['a/b'], preset: 'terraform' })
  })
})

describe('a wrong tazpod.yaml', () => {
  it.each<[string, string, string]>([
    ['an empty file', '', '1:1 the file is empty (start with version: 1)'],
    ['comments only', '# nothing\n', '1:1 the file is empty (start with version: 1)'],
    ['a list', '- a\n', '1:1 the file must be a mapping (key: value) (start with version: 1)'],
    ['no version', 'provider: vault\n', '1:1 "version" is missing (start the file with version: 1)'],
    ['a newer version', 'version: 2\n', '1:10 version 2 is newer than this tazpod (upgrade tazpod)'],
    ['a wrong version', 'version: one\n', '1:10 version "one" is unknown (write version: 1)'],
    [
      'a lockOnExit of another word',
      'version: 1\nsession: { lockOnExit: yes }\n',
      '2:24 lockOnExit "yes" is unknown: true or false',
    ],
    ['an unknown key', 'version: 1\nsecret: []\n', '2:1 unknown key "secret" (did you mean secrets?)'],
    [
      'an unknown nested key',
      'version: 1\nsecrets:\n  - { nme: A, name: A }\n',
      '3:7 unknown key "nme" (did you mean name?)',
    ],
    [
      'a server address',
      'version: 1\ninfisical: { project: a, environment: b, host: c }\n',
      '2:42 unknown key "host" (the address of the server belongs to the identity in the vault, not to a project)',
    ],
    ['a tab', 'version: 1\nsession:\n\tidle: 1m\n', '3:1 a tab indents this line: YAML takes spaces only'],
    ['a key twice', 'version: 1\nversion: 1\n', '2:1 "version" is there twice (remove one of them)'],
    [
      'an alias',
      'version: 1\nsecrets: &a []\nbinds: *a\n',
      '3:8 aliases (*name) are not allowed (write the value out)',
    ],
    ['a tag', 'version: 1\nprovider: !x vault\n', '2:11 tags (!name) are not allowed'],
    ['__proto__', 'version: 1\ncommands: { __proto__: {} }\n', '2:13 the key __proto__ is not allowed'],
    [
      'two documents',
      'version: 1\n---\nversion: 1\n',
      '2:1 the file has more than one document (remove the line ---)',
    ],
    ['an empty section', 'version: 1\nsecrets:\n', '2:1 "secrets" is empty (give it a value or remove it)'],
    ['a wrong shape', 'version: 1\nsecrets: {}\n', '2:10 "secrets" must be a list'],
    [
      'a wrong provider',
      'version: 1\nprovider: valt\n',
      '2:11 provider "valt" is unknown: vault, infisical, command or file (did you mean vault?)',
    ],
    [
      'no project',
      'version: 1\nprovider: infisical\n',
      '2:11 provider infisical needs to know which project (add infisical: { project: …, environment: … })',
    ],
    [
      'a wrong duration',
      'version: 1\nsession: { idle: 30 }\n',
      '2:18 "30" is not a duration (for example 30m, 12h or 1h30m)',
    ],
    ['a long duration', 'version: 1\nsession: { max: 8d }\n', '2:17 "8d" is out of bounds: 1s to 7d'],
    [
      'never-ending',
      'version: 1\nsession: { max: never }\n',
      '2:17 "never" is not a duration (for example 30m, 12h or 1h30m)',
    ],
    ['a vault outside', 'version: 1\nvault: ../v.age\n', '2:8 the path "../v.age" leaves the project (..)'],
    [
      'an absolute vault',
      'version: 1\nvault: /v.age\n',
      '2:8 the path "/v.age" must be relative to the folder of tazpod.yaml',
    ],
    [
      'a folder of Infisical',
      'version: 1\ninfisical: { project: a, environment: b, paths: [a] }\n',
      '2:50 "a" is not a folder of Infisical: "/", or "/name/name"',
    ],
    [
      'a wrong umask',
      'version: 1\ncommands: { a: { umask: 8 } }\n',
      '2:25 umask "8" is not three octal digits (for example 077)',
    ],
  ])('%s', (_, text, problem) => {
    expect(problems(text)).toEqual([problem])
  })

  it.each<[string, string, string]>([
    ['a name with a newline', '{ name: "A\\nB" }', 'is not a name of a secret'],
    ['a NUL in a name', '{ name: "A\\0" }', 'is not a name of a secret'],
    ['an empty name', '{ name: "" }', 'is not a name of a secret'],
    ['no name', '{ file: a }', '"name" is missing'],
    ['a folder in file', '{ name: A, file: a/b }', 'contains "/"'],
    ['file ..', '{ name: A, file: .. }', 'is not a file name'],
    ['an empty file', '{ name: A, file: "" }', 'is not a file name'],
    [
      'LD_PRELOAD',
      '{ name: A, env: LD_PRELOAD }',
      'may not be set by a project: it makes every program load foreign code',
    ],
    ['PATH', '{ name: A, env: PATH, as: value }', 'may not be set by a project'],
    ['a=b', '{ name: A, env: a=b }', 'is not a name of an environment variable'],
    ['an empty env', '{ name: A, env: "" }', 'is not a name of an environment variable'],
    ['env with a newline', '{ name: A, env: "A\\nB" }', 'is not a name of an environment variable'],
    ['as', '{ name: A, env: A, as: vlaue }', 'as "vlaue" is unknown: file or value (did you mean value?)'],
    [
      'a value without a variable',
      '{ name: A, as: value }',
      '"as: value" needs the variable that carries it (add env: NAME)',
    ],
    ['a value as a file', '{ name: A, env: A, file: a, as: value }', '"as: value" makes no file'],
    ['a preset', '{ name: A, preset: kubctl }', 'did you mean kubectl?'],
    ['text', 'A', 'must be a mapping'],
  ])('a secret: %s', (_, secret, problem) => {
    const found = problems(`version: 1\nsecrets:\n  - ${secret}\n`)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(problem)
    expect(found[0]).toMatch(/^3:\d+ /)
  })

  it.each<[string, string, string]>([
    ['outside', '{ path: a/../../b, format: raw, values: { x: A } }', 'leaves the project'],
    ['absolute', '{ path: /etc/passwd, format: raw, values: { x: A } }', 'must be relative'],
    ['home', '{ path: ~/x, format: raw, values: { x: A } }', 'must be relative'],
    ['a folder', '{ path: a/, format: raw, values: { x: A } }', 'is a folder'],
    ['NUL', '{ path: "a\\0b", format: raw, values: { x: A } }', 'contains a control character'],
    ['.git', '{ path: .git/config, format: raw, values: { x: A } }', 'is inside .git'],
    ['the config itself', '{ path: tazpod.yaml, format: raw, values: { x: A } }', 'belongs to tazpod'],
    ['an unknown format', '{ path: a, format: tfvar, values: { x: A } }', 'did you mean tfvars?'],
    [
      'an unknown value',
      '{ path: a, format: json, values: { x: { identty: token } } }',
      'a value is the name of a secret or an identity',
    ],
    [
      'an unknown identity',
      '{ path: a, format: json, values: { x: { identity: password } } }',
      'clientId | clientSecret | token | host',
    ],
    [
      'a value with a wrong name',
      '{ path: a, format: json, values: { x: a-b } }',
      'is not a name of a secret',
    ],
    [
      'a tfvars key',
      '{ path: a, format: tfvars, values: { "a b": A } }',
      'is not a name of a terraform variable',
    ],
    ['a dotenv key', '{ path: a, format: dotenv, values: { a-b: A } }', 'is not a name of a variable'],
    ['no values', '{ path: a, format: json, values: {} }', 'has no values'],
    [
      'a reader that is none',
      '{ path: a, format: dotenv, for: ruby, values: { A: A } }',
      'sh, node, compose',
    ],
    [
      'a reader of no dotenv',
      '{ path: a, format: json, for: node, values: { A: A } }',
      'who reads a dotenv file',
    ],
    [
      'raw with two',
      '{ path: a, format: raw, values: { x: A, y: B } }',
      'format raw takes one value, here are 2',
    ],
  ])('a bind: %s', (_, bind, problem) => {
    const found = problems(`version: 1\nbinds:\n  - ${bind}\n`)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(problem)
    expect(found[0]).toMatch(/^3:\d+ /)
  })

  it('finds everything that clashes', () => {
    const text = `version: 1
vault: v/vault.age
secrets:
  - { name: A, file: f, env: X }
  - { name: B, file: f, env: X }
  - { name: A, file: g }
  - { name: KUBECONFIG, }
  - { name: KUBECONFIG_CONTENT }
binds:
  - { path: a, format: raw, values: { x: A } }
  - { path: ./a, format: raw, values: { x: A } }
  - { path: a/b, format: raw, values: { x: A } }
  - { path: v/vault.age, format: raw, values: { x: A } }
commands:
  /bin/sh: { secrets: [A, A] }
  ter*: { secrets: [KUBECONFG], binds: [b] }
`
    expect(problems(text)).toEqual([
      '5:22 A and B both use the file f (give B another file)',
      '5:30 A and B both use the variable X (give B another variable)',
      '6:13 the secret A is there twice (remove one of them)',
      '8:5 KUBECONFIG and KUBECONFIG_CONTENT both use the file kubeconfig (give KUBECONFIG_CONTENT another file)',
      '8:5 KUBECONFIG and KUBECONFIG_CONTENT both use the variable KUBECONFIG (give KUBECONFIG_CONTENT another variable)',
      '11:13 the path "a" is there twice (put all values into one bind)',
      `12:13 "a/b" can't be a file: another bind needs it as a folder, or the reverse`,
      '13:13 the path "v/vault.age" belongs to tazpod',
      '15:3 the command "/bin/sh" contains "/": the name of the program without its folder is needed',
      '15:27 "A" is granted twice (remove one of them)',
      '16:3 the command "ter*" is not a plain name (only "*" alone stands for every other command)',
      '16:21 "KUBECONFG" is not declared under secrets: (did you mean "KUBECONFIG"?)',
      '16:41 "b" is not declared under binds: (did you mean "a"?)',
    ])
  })

  it('reports problems of the syntax, the schema and the cross-checks at once', () => {
    const found = problems(
      'version: 3\nfoo: 1\nfoo: 2\nsecrets: [{ name: 1A }]\ncommands: { x: { secrets: [Q] } }\n',
    )
    expect(found.map((line) => line.split(' ')[0])).toEqual(['1:10', '2:1', '3:1', '4:19', '5:28'])
  })

  it('does not let a name write to the terminal', () => {
    const found = problems('version: 1\n"\\e[31mred\\u202e\\n": 1\n').join()
    expect(found).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(found).toContain('\\u001b[31mred')
  })
})
