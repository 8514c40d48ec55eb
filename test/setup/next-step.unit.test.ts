import { beforeEach, expect, test, vi } from 'vitest'
import { type GuideHands, guided } from '../../src/app/setup/guide.ts'
import type { Guidance } from '../../src/app/setup/next-step.ts'
import type { Failure } from '../../src/core/failure/failure.ts'
import { err, ok, type Result } from '../../src/core/result.ts'

const world = vi.hoisted(() => ({ stand: [] as unknown[], yes: [] as boolean[], asked: [] as string[] }))
vi.mock('../../src/app/setup/next-step.ts', () => ({ guidance: async () => world.stand.shift() }))
vi.mock('../../src/adapters/terminal/terminal.ts', () => ({
  hasTerminal: () => true,
  confirm: async (question: string) => {
    world.asked.push(question)
    return { ok: true, value: world.yes.shift() ?? false }
  },
}))

beforeEach(() => {
  world.stand = []
  world.yes = []
  world.asked = []
})

const LOCKED: Guidance = {
  project: '/lab',
  provider: 'infisical',
  vault: 'present',
  state: 'locked',
  step: 'unlock',
  why: '',
  next: '',
}
const UNLOCKED: Guidance = { ...LOCKED, state: 'unlocked', step: 'shell' }
const FAILURE: Failure = {
  reason: 'infisical',
  problem: { kind: 'no-identity', name: 'default', known: [] },
  at: { host: '' },
}
const NO_LOGIN = err(FAILURE)

function hands(commands: Record<string, Result<void>[]>): GuideHands & { ran: string[] } {
  const ran: string[] = []
  return {
    ran,
    has: (command) => command in commands,
    say: () => {},
    tell: () => {},
    run: async (command) => {
      ran.push(command)
      return commands[command]?.shift() ?? ok()
    },
  }
}

test('the shell is where it leads, in a build that has one', async () => {
  world.stand = [LOCKED, UNLOCKED]
  const all = hands({ pull: [], shell: [] })
  expect(await guided({}, '/lab', all)).toEqual({ end: 'shell', done: ['unlock'] })
  expect(all.ran).toEqual(['pull', 'shell'])
})

test('a build without a shell shows the state instead', async () => {
  world.stand = [UNLOCKED]
  const all = hands({ status: [] })
  expect(await guided({}, '/lab', all)).toEqual({ end: 'unlocked', done: [] })
  expect(all.ran).toEqual(['status'])
})

test('a provider without an identity: the login is offered, then the pull goes on', async () => {
  world.stand = [LOCKED, LOCKED, UNLOCKED]
  world.yes = [true]
  const all = hands({ pull: [NO_LOGIN], login: [], shell: [] })
  expect(await guided({}, '/lab', all)).toMatchObject({ end: 'shell' })
  expect(world.asked).toEqual(['Log in to infisical now?'])
  expect(all.ran).toEqual(['pull', 'login', 'pull', 'shell'])
})

test('no login is offered where the server refused, or where there is no such command', async () => {
  world.stand = [LOCKED]
  const problem = { kind: 'bad-credentials' } as const
  const refused = hands({ pull: [err({ reason: 'infisical', problem, at: { host: 'h' } })], login: [] })
  expect(await guided({}, '/lab', refused)).toMatchObject({ end: 'left' })
  world.stand = [LOCKED]
  const without = hands({ pull: [NO_LOGIN] })
  expect(await guided({}, '/lab', without)).toMatchObject({ end: 'left', failure: FAILURE })
  expect(world.asked).toEqual([])
})

test('only a typing mistake is offered again', async () => {
  world.stand = [LOCKED, LOCKED, UNLOCKED]
  world.yes = [true]
  const mistyped = hands({ pull: [err({ reason: 'wrong-passphrase', tries: 3 })], shell: [] })
  expect(await guided({}, '/lab', mistyped)).toMatchObject({ end: 'shell' })
  world.stand = [LOCKED]
  const damaged = hands({ pull: [err({ reason: 'vault-damaged', path: 'x', why: 'y' })] })
  expect(await guided({}, '/lab', damaged)).toMatchObject({ end: 'left', done: [] })
})
