import type { Overview } from '../../../src/app/dashboard/overview.ts'
import type { DashboardSource } from '../../../src/app/dashboard/source.ts'
import type { SecretRow } from '../../../src/app/session/secrets.ts'
import { err, ok } from '../../../src/core/result.ts'
import type { Activity } from '../../../src/core/session/activity.ts'

/** The moment at which every screen of the tests is drawn. */
export const NOW = Date.parse('2026-11-24T12:00:00.000Z')
const ago = (seconds: number): string => new Date(NOW - seconds * 1_000).toISOString()
const HOUR = 3_600
const DAY = 24 * HOUR

/** A value that a test looks for where none may be. */
export const CANARY = 'canary-7c1e-value'

const SECRETS: SecretRow[] = [
  {
    name: 'GITHUB_TOKEN',
    source: 'vault',
    grants: [{ command: '*', as: 'value', where: 'GITHUB_TOKEN', variables: [] }],
    held: { updated: ago(40), bytes: 40, fingerprint: '16208f77' },
  },
  {
    name: 'KUBECONFIG_CONTENT',
    source: 'vault',
    grants: ['kubectl', 'helm'].map((command) => ({
      command,
      as: 'file',
      where: 'KUBECONFIG_CONTENT/kubeconfig',
      variables: ['KUBECONFIG'],
    })),
    held: { updated: ago(3 * DAY), bytes: 2_345, fingerprint: '138c30c1' },
  },
  { name: 'NOT_THERE_YET', source: 'missing', grants: [] },
  {
    name: 'PROXMOX_TOKEN',
    source: 'vault',
    grants: [{ command: 'terraform', as: 'bind', where: 'secrets.auto.tfvars', variables: [] }],
    held: { updated: ago(2 * HOUR + 20 * 60), bytes: 36, fingerprint: '3ca067c3' },
  },
]

const ACTIVITY: Activity[] = [
  activity(2 * HOUR, 'unlock', null, null, [], { count: 3 }),
  activity(HOUR, 'grant', 4_100, 'terraform', ['PROXMOX_TOKEN']),
  activity(3_590, 'exit', 4_100, 'terraform', []),
  activity(900, 'deny', 4_200, 'curl', [], { reason: 'another user' }),
  activity(120, 'grant', 4_242, 'kubectl', ['KUBECONFIG_CONTENT']),
]

function activity(
  seconds: number,
  event: string,
  pid: number | null,
  command: string | null,
  secrets: string[],
  detail: Activity['detail'] = {},
): Activity {
  return { time: ago(seconds), event, project: 'lab', pid, command, secrets, detail }
}

/** One project at one moment, unlocked, with a command that runs. */
export function unlockedView(change: Partial<Overview> = {}): Overview {
  return {
    at: new Date(NOW).toISOString(),
    status: {
      state: 'unlocked',
      project: 'lab',
      root: '/home/ada/lab',
      holder: 4_000,
      provider: 'vault',
      expiresAt: new Date(NOW + 9 * HOUR * 1_000).toISOString(),
      idleAt: new Date(NOW + 12 * 60_000).toISOString(),
      secrets: 3,
      running: [{ pid: 4_242, command: 'kubectl', startedAt: ago(120), secrets: ['KUBECONFIG_CONTENT'] }],
      isolation: { mode: 'rootless', backing: 'ramfs', memory: 'memfd_secret' },
    },
    root: '/home/ada/lab',
    trust: 'trusted',
    limits: { idle: 1_800, max: 12 * HOUR },
    secrets: SECRETS,
    ...change,
  }
}

export function lockedView(): Overview {
  return unlockedView({
    status: {
      state: 'locked',
      project: 'lab',
      root: '/home/ada/lab',
      expiresAt: null,
      idleAt: null,
      secrets: 0,
      running: [],
      isolation: null,
    },
    trust: 'changed',
    secrets: SECRETS.map(({ name, grants }) => ({ name, grants, source: 'unknown' })),
  })
}

/** A world that stands still: what it was asked for is in `asked`. */
export function still(view: Overview): DashboardSource & { asked: string[] } {
  const asked: string[] = []
  const note = <T>(word: string, value: T): T => {
    asked.push(word)
    return value
  }
  return {
    asked,
    now: () => NOW,
    overview: async () => ok(view),
    look: async () => ok({ status: view.status, mark: 'same' }),
    activity: async (mark) => ok(mark === 'all' ? undefined : { mark: 'all', lines: ACTIVITY }),
    explain: async (command) =>
      note(
        `explain ${command}`,
        ok({
          command,
          plan: command,
          rows: [
            {
              secret: 'KUBECONFIG_CONTENT',
              source: 'vault',
              delivery: 'file',
              where: '/run/user/1000/tazpod/1-2/ghost/KUBECONFIG_CONTENT/kubeconfig',
              variables: ['KUBECONFIG'],
              lifetime: 'in the command until it ends; in memory until tazpod lock, at most 12 h',
              readableBy: "the command and its children; this user's other processes through /proc; root",
            },
          ],
          env: [],
          umask: '077',
          missing: [],
          notes: [],
          locked: false,
        }),
      ),
    trust: async () =>
      ok({
        view: {
          file: '/home/ada/lab/tazpod.yaml',
          state: 'changed',
          grants: [
            {
              command: 'terraform',
              what: ['PROXMOX_TOKEN'],
              as: 'bind',
              where: 'secrets.auto.tfvars',
              variables: [],
            },
          ],
          warnings: [],
          settings: ['provider vault'],
          added: ['terraform gets PROXMOX_TOKEN as bind secrets.auto.tfvars'],
          removed: [],
        },
        agree: async () => note('agree', ok()),
      }),
    lock: async (stop) => note(`lock ${stop}`, ok({ wiped: 3, stopped: stop, running: [] })),
    pull: async (extend) => note(`pull ${extend}`, err({ reason: 'interrupted' })),
    reveal: async (name) => note(`reveal ${name}`, ok(Buffer.from(`${CANARY}\n\u001b[31mred\n`))),
  }
}
