import { describe, expect, it } from 'vitest'
import { compileLaunchSet } from '../../src/core/grant/compile.ts'
import type { ExplainContext } from '../../src/core/grant/explain.ts'
import { explainCommand, planFor } from '../../src/core/grant/explain.ts'
import { parseConfig } from '../../src/core/project/read.ts'

const CANARY = 'c4n4ry'
const context: ExplainContext = { ghost: '/run/g', source: 'vault', mode: 'rootless', max: 43_200 }

function compiled(text: string, names: string[]) {
  const config = parseConfig(`version: 1\n${text}`, 'tazpod.yaml')
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const secrets = new Map(names.map((name) => [name, Buffer.from(`${CANARY}-${name}`)]))
  const identity = new Map([['token', Buffer.from(CANARY)]])
  const set = compileLaunchSet({ config: config.value, secrets, identity, root: '/p', ghost: '/run/g' })
  if (!set.ok) throw new Error(JSON.stringify(set.error))
  return set.value
}

const set = compiled(
  `secrets: [{ name: KEY, preset: git }, { name: HUB, preset: docker }, { name: TOKEN, env: TOKEN, as: value }, { name: GONE, file: gone }]
binds: [{ path: infra/s.json, format: json, values: { a: TOKEN, b: { identity: token } } }]
commands:
  git: { secrets: [KEY, HUB] }
  terraform: { secrets: [TOKEN], binds: [infra/s.json], umask: 022 }
  broken: { secrets: [GONE] }
`,
  ['KEY', 'HUB', 'TOKEN'],
)

describe('exec --explain', () => {
  it('says where each file is, which variables name it, how long it lives and who can read it', () => {
    const explanation = explainCommand(set, 'git', context)
    expect(explanation.rows).toEqual([
      {
        secret: 'KEY',
        source: 'vault',
        delivery: 'file',
        where: '/run/g/KEY/ssh-key',
        variables: ['TAZPOD_SSH_KEY', 'GIT_SSH_COMMAND', 'RSYNC_RSH'],
        lifetime: 'in the command until it ends; in memory until tazpod lock, at most 12 h',
        readableBy: "the command and its children; this user's other processes through /proc; root",
      },
      expect.objectContaining({
        secret: 'HUB',
        where: '/run/g/HUB/config.json',
        variables: ['DOCKER_CONFIG'],
      }),
    ])
    expect(explanation.umask).toBe('077')
    expect(explanation.env.map(({ name }) => name)).toEqual(['GIT_SSH_COMMAND', 'RSYNC_RSH', 'DOCKER_CONFIG'])
    expect(explanation.notes.join('\n')).toContain('KEY does not end with a newline: OpenSSH refuses')
    expect(explanation.notes.join('\n')).toContain('rootless mode')
  })

  it('lists every source of a bind, the static environment, the umask of the project and values in variables', () => {
    const explanation = explainCommand(set, 'terraform', { ...context, mode: 'sealed', max: 0 })
    expect(
      explanation.rows.map(({ secret, source, delivery, where }) => [secret, source, delivery, where]),
    ).toEqual([
      ['TOKEN', 'vault', 'value', 'TOKEN'],
      ['TOKEN', 'vault', 'bind', '/p/infra/s.json'],
      ['identity.token', 'identity in the vault', 'bind', '/p/infra/s.json'],
    ])
    expect(explanation.rows[0]?.readableBy).toBe('the command and every program it starts; root')
    expect(explanation.rows[1]?.lifetime).toBe('in the command until it ends; in memory until tazpod lock')
    expect(explanation.env).toEqual([{ name: 'CHECKPOINT_DISABLE', value: '1', onlyIfUnset: true }])
    expect(explanation.umask).toBe('022')
    expect(explanation.notes).toEqual(['TOKEN carries a value: everything terraform starts inherits it'])
  })

  it('--only narrows secrets and binds by name, path or last component', () => {
    const rows = (only: string[]) =>
      explainCommand(set, 'terraform', { ...context, only }).rows.map(({ where }) => where)
    expect(rows(['TOKEN'])).toEqual(['TOKEN'])
    expect(rows(['s.json'])).toEqual(['/p/infra/s.json', '/p/infra/s.json'])
    expect(rows(['infra/s.json', 'TOKEN'])).toHaveLength(3)
    expect(rows(['/p/infra/s.json'])).toHaveLength(2)
    expect(rows(['NOTHING'])).toEqual([])
  })

  it('names what is missing, and a command that gets nothing', () => {
    expect(explainCommand(set, 'broken', context)).toMatchObject({
      plan: 'broken',
      rows: [],
      missing: ['GONE'],
    })
    const none = explainCommand(set, 'ls', context)
    expect(none).toMatchObject({ plan: null, rows: [], umask: null })
    expect(none.notes[0]).toContain('gets nothing')
    expect(planFor(compiled('secrets: [{ name: A }]', ['A']), 'ls')?.pattern).toBe('*')
  })

  it('never holds a value', () => {
    for (const command of ['git', 'terraform', 'broken']) {
      expect(JSON.stringify(explainCommand(set, command, context))).not.toContain(CANARY)
    }
  })
})
