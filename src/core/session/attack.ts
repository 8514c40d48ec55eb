import type { LaunchSet } from '../grant/launch-set.ts'

export type Attacker = 'other-user' | 'same-user' | 'root'
/** What tazpod is doing while it is attacked. */
export type AttackedState = 'locked' | 'idle' | 'running'
export type Outcome = 'refused' | 'read'

/** What one attempt found, before it is judged. */
export interface Attempt {
  probe: Probe
  attacker: Attacker
  state: AttackedState
  seen: Outcome
}

/** One row of `doctor --attack` (DESIGN §7). */
export interface AttackResult extends Attempt {
  expected: Outcome
  ok: boolean
}

/** What is attempted, in the words of the table that a person reads. */
export const PROBES = {
  key: "ask for the vault's key",
  'value by name': 'ask for a value by its name',
  'several values': 'ask for several values at once',
  'wrong key': 'ask for a value with a key that is wrong',
  'refresh connection': "ask over a socket of one's own as if it were a refresh's",
  exec: 'run a command with tazpod exec',
  'monitor memory': "open the monitor's /proc/PID/mem",
  'monitor environ': "read the monitor's /proc/PID/environ",
  'monitor files': "list the monitor's /proc/PID/fd",
  'node environ': 'read the environment of the Node that asks',
  'node memory': 'open the memory of the Node that asks',
  'secret memory': 'read the secrets in /proc/PID/mem',
  memory: 'open /proc/PID/mem',
  environ: 'read /proc/PID/environ',
  maps: 'read /proc/PID/maps',
  'open files': 'list /proc/PID/fd',
  'root folder': 'enter /proc/PID/root',
  namespaces: 'open /proc/PID/ns/mnt',
  'granted file': 'read the granted file by /proc/PID/root',
  'value in environ': 'find the value in environment or argv',
  'path from outside': 'read the granted file at its own path',
  placeholder: "read the value in a bind's placeholder",
  disk: 'find the value on disk after SIGKILL',
} as const

export type Probe = keyof typeof PROBES

/** Readable by design, and said so in SECURITY.md: everything else has to be refused. */
const OPEN: readonly { probe: Probe; attacker: Attacker; modes: readonly string[] }[] = [
  { probe: 'exec', attacker: 'same-user', modes: ['rootless'] },
  { probe: 'granted file', attacker: 'same-user', modes: ['rootless'] },
  { probe: 'granted file', attacker: 'root', modes: ['rootless', 'root'] },
]

/** Compares an attempt with what tazpod promises in this isolation mode (`rootless`, `sealed`, `root`). */
export function judge(attempt: Attempt, mode: string): AttackResult {
  const open = OPEN.some(
    ({ probe, attacker, modes }) =>
      probe === attempt.probe && attacker === attempt.attacker && modes.includes(mode),
  )
  const expected = open ? 'read' : 'refused'
  return { ...attempt, expected, ok: expected === attempt.seen }
}

/** The entry that stands for the vault's key. Nobody can prove to know it: it is made for each decoy. */
export const DECOY_KEY = '@identity'
/** Name of the decoy's only secret, and of the file it is delivered as. */
export const DECOY = 'DECOY'
/** Path of the decoy's bind inside its scratch project. */
export const DECOY_BIND = 'decoy.env'

/** What the decoy's holder is given: one worthless value, as a file and as a bind, for every command. */
export function decoySet(value: Buffer, key: Buffer, root: string): LaunchSet {
  return {
    entries: [
      { kind: 'secret', name: DECOY, value, sources: [DECOY] },
      { kind: 'rendered', name: DECOY_BIND, value, sources: [DECOY] },
      { kind: 'internal', name: DECOY_KEY, value: key, sources: [] },
    ],
    plans: [
      {
        pattern: '*',
        umask: 0o077,
        ops: [
          { op: 'file', entry: 0, dir: DECOY, file: DECOY, mode: 0o600, env: 'DECOY_FILE' },
          { op: 'bind', entry: 1, target: `${root}/${DECOY_BIND}`, mode: 0o600 },
        ],
      },
    ],
  }
}
