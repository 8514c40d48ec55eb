import { randomBytes } from 'node:crypto'
import { type Decoy, foundBelow, startDecoy } from '../../adapters/holder/decoy.ts'
import { type As, tryMemory, tryPath, trySecretMemory, tryTazpod } from '../../adapters/holder/probes.ts'
import { isRoot, nodeIsReadable, ownPid } from '../../adapters/holder/system.ts'
import { askingArgv } from '../../adapters/holder/values.ts'
import { ok, type Result } from '../../core/result.ts'
import {
  type AttackedState,
  type Attacker,
  type AttackResult,
  type Attempt,
  DECOY,
  DECOY_BIND,
  DECOY_KEY,
  judge,
  type Probe,
} from '../../core/session/attack.ts'

export interface AttackReport {
  /** `rootless`, `sealed` or `root`: what the promises depend on. */
  mode: string
  results: AttackResult[]
  /** Attackers that can't be played from here, and why. */
  notTried: string[]
}

const NOBODY = { uid: 65_534, gid: 65_534 }

/**
 * Plays the attackers of DESIGN §2 against a decoy with a worthless secret: a second session of this very binary in a
 * scratch folder. The real session is not touched. Failures: native-missing, ghost.
 */
export async function attack(): Promise<Result<AttackReport>> {
  const value = Buffer.from(`tazpod-decoy-${randomBytes(16).toString('hex')}`)
  const started = await startDecoy(value)
  if (!started.ok) return started
  const decoy = started.value
  try {
    const asRoot = isRoot()
    const attempts = [
      ...attemptsOf(decoy, asRoot ? 'root' : 'same-user', undefined),
      ...(asRoot ? attemptsOf(decoy, 'other-user', NOBODY) : []),
    ]
    await decoy.kill()
    const left = foundBelow(decoy.folder, value)
    attempts.push({ probe: 'disk', attacker: 'root', state: 'locked', seen: left ? 'read' : 'refused' })
    const notTried = asRoot
      ? ['same-user: run it as that user (root is not kept out)']
      : [
          'other-user and root: run it with sudo to play them',
          ...(nodeIsReadable()
            ? ['Node while it has the passphrase: its file can be read, so it is open']
            : []),
        ]
    return ok({ mode: decoy.mode, results: attempts.map((one) => judge(one, decoy.mode)), notTried })
  } finally {
    await decoy.remove()
  }
}

function attemptsOf(decoy: Decoy, attacker: Attacker, as: As): Attempt[] {
  const { holder, command, value } = decoy
  const row = (state: AttackedState, probe: Probe, seen: Attempt['seen']): Attempt => ({
    probe,
    attacker,
    state,
    seen,
  })
  const running = [
    row('running', 'granted file', tryPath('file', `/proc/${command}/root${decoy.file}`, as, value)),
    row('running', 'value in environ', inEnvironment(command, as, value)),
    row('running', 'path from outside', tryPath('file', decoy.file, as, value)),
    row('running', 'placeholder', tryPath('file', decoy.placeholder, as, value)),
  ]
  // Root may look at the process; what it can't read is the memory that holds the secrets.
  if (attacker === 'root') return [row('idle', 'secret memory', trySecretMemory(holder, value)), ...running]
  const proc = `/proc/${holder}`
  const ask = (args: readonly string[], input?: string) => tryTazpod(args, decoy.around, as, value, input)
  return [
    row('idle', 'key', ask(askingArgv(DECOY_KEY))),
    row('idle', 'value by name', ask(askingArgv(DECOY))),
    row('idle', 'several values', ask(askingArgv('--many'), `${DECOY}\0${DECOY_BIND}\0`)),
    row('idle', 'wrong key', ask(askingArgv(DECOY, ['--key']), 'AGE-SECRET-KEY-1QQQQ')),
    row('idle', 'refresh connection', ask(askingArgv(DECOY, ['--over', '0']))),
    row('idle', 'exec', ask(['exec', '--non-interactive', '--', 'cat', decoy.file])),
    ...monitorAttempts(decoy, as).map(([probe, seen]) => row('idle', probe, seen)),
    ...nodeAttempts(as).map(([probe, seen]) => row('idle', probe, seen)),
    row('idle', 'memory', tryMemory(holder, as)),
    row('idle', 'environ', tryPath('file', `${proc}/environ`, as)),
    row('idle', 'maps', tryPath('file', `${proc}/maps`, as)),
    row('idle', 'open files', tryPath('folder', `${proc}/fd`, as)),
    row('idle', 'root folder', tryPath('folder', `${proc}/root/`, as)),
    row('idle', 'namespaces', tryPath('folder', `${proc}/ns/mnt`, as)),
    ...running,
  ]
}

function monitorAttempts({ monitor }: Decoy, as: As): [Probe, Attempt['seen']][] {
  if (monitor === 0) return []
  return [
    ['monitor memory', tryMemory(monitor, as)],
    ['monitor environ', tryPath('file', `/proc/${monitor}/environ`, as)],
    ['monitor files', tryPath('folder', `/proc/${monitor}/fd`, as)],
  ]
}

/** This very process, as it is when it has a passphrase. One whose file can be read is open, which `doctor` says. */
function nodeAttempts(as: As): [Probe, Attempt['seen']][] {
  if (as === undefined && nodeIsReadable()) return []
  return [
    ['node environ', tryPath('file', `/proc/${ownPid()}/environ`, as)],
    ['node memory', tryMemory(ownPid(), as)],
  ]
}

function inEnvironment(pid: number, as: As, value: Buffer): Attempt['seen'] {
  const seen = ['environ', 'cmdline'].map((name) => tryPath('file', `/proc/${pid}/${name}`, as, value))
  return seen.includes('read') ? 'read' : 'refused'
}
