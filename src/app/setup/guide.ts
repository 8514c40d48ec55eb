import { confirm, hasTerminal } from '../../adapters/terminal/terminal.ts'
import type { Failure } from '../../core/failure/failure.ts'
import { definitionOf } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type Guidance, type GuideStep, guidance } from './next-step.ts'

/** What the guide needs of the command line around it. */
export interface GuideHands {
  /** Runs a command of this very program on this terminal, as if it had been typed. */
  run(command: string, argv?: readonly string[]): Promise<Result<void>>
  /** Whether this build has the command. */
  has(command: string): boolean
  /** A line for the person between two steps. */
  say(line: string): void
  /** What went wrong, in the usual words. */
  tell(failure: Failure): void
}

/** How it ended: `done` names the steps that were taken. */
export interface Guided {
  end: 'shell' | 'unlocked' | 'left'
  done: GuideStep[]
  failure?: Failure
}

/** A typing mistake: the same step is offered again. */
const AGAIN: readonly Failure['reason'][] = ['wrong-passphrase', 'weak-passphrase', 'bad-passphrase']

/** Whether somebody can be guided at all. */
export function canGuide(): boolean {
  return hasTerminal()
}

/**
 * Leads from nothing to a shell, one step at a time: project, vault, trust, passphrase, login where the provider has
 * one. Every step is a command of its own, so whoever leaves in between loses nothing and goes on from there.
 */
export async function guided(env: NodeJS.ProcessEnv, cwd: string, hands: GuideHands): Promise<Guided> {
  const done: GuideStep[] = []
  let withoutProject = false
  for (;;) {
    const at = await guidance(env, cwd)
    if (at.problem) return { end: 'left', done, failure: at.problem }
    const step = stepOf(at, withoutProject)
    if (step === 'shell') return open(hands, done)
    if (step === 'unlock' && done.some((one) => one === 'init' || one === 'vault'))
      hands.say('Now unlock it for the first time, with that passphrase.')
    const taken = await take(step, at, cwd, hands)
    if (taken.ok && taken.value === 'skipped') withoutProject = true
    else if (taken.ok) done.push(step)
    else if (!(await wantsAgain(taken.error, hands))) return { end: 'left', done, failure: taken.error }
  }
}

/** Outside of a project one is offered first, whether or not there is a vault already. */
function stepOf(at: Guidance, withoutProject: boolean): GuideStep {
  if (at.project !== null || at.state === 'unlocked' || at.step === 'build') return at.step
  if (!withoutProject) return 'init'
  return at.step === 'init' ? 'vault' : at.step
}

async function take(
  step: GuideStep,
  at: Guidance,
  cwd: string,
  hands: GuideHands,
): Promise<Result<'taken' | 'skipped'>> {
  switch (step) {
    case 'init': {
      hands.say(`There is no project here: no tazpod.yaml in ${cwd} or above.`)
      const wanted = await confirm('Set up this folder as one?', false)
      if (!wanted.ok) return wanted
      return wanted.value ? taken(hands.run('init')) : ok('skipped')
    }
    case 'vault':
      hands.say('There is no vault yet, the encrypted file that keeps your secrets.')
      return (await agreed('Make it now?')) ?? taken(hands.run('vault:init'))
    case 'trust':
      return taken(hands.run('trust'))
    case 'unlock':
      return unlock(at, hands)
    case 'repair':
    case 'build':
    case 'shell':
      return taken(hands.run('doctor'))
    default:
      return step satisfies never
  }
}

/** The identity of a provider lies in the vault, so that it is missing shows only once the vault is open. */
async function unlock(at: Guidance, hands: GuideHands): Promise<Result<'taken'>> {
  const pulled = await hands.run('pull')
  if (pulled.ok) return ok('taken')
  const { error } = pulled
  const { login } = definitionOf(at.provider)
  const loginHelps = error.reason === 'infisical' && error.problem.kind === 'no-identity'
  if (!loginHelps || login === undefined || !hands.has(login)) return pulled
  hands.tell(error)
  return (await agreed(`Log in to ${at.provider} now?`)) ?? taken(hands.run(login))
}

async function taken(run: Promise<Result<void>>): Promise<Result<'taken'>> {
  const done = await run
  return done.ok ? ok('taken') : done
}

/** Undefined: yes. */
async function agreed(question: string): Promise<Result<never> | undefined> {
  const answer = await confirm(question, true)
  if (!answer.ok) return answer
  return answer.value ? undefined : err({ reason: 'interrupted' })
}

async function wantsAgain(failure: Failure, hands: GuideHands): Promise<boolean> {
  if (!AGAIN.includes(failure.reason)) return false
  hands.tell(failure)
  const answer = await confirm('Try again?', true)
  return answer.ok && answer.value
}

async function open(hands: GuideHands, done: GuideStep[]): Promise<Guided> {
  if (!hands.has('shell')) {
    const status = await hands.run('status')
    return { end: status.ok ? 'unlocked' : 'left', done, ...(!status.ok && { failure: status.error }) }
  }
  const shell = await hands.run('shell')
  return shell.ok ? { end: 'shell', done } : { end: 'left', done, failure: shell.error }
}
