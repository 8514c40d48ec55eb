import { cleanup, render } from 'ink-testing-library'
import { afterEach, expect, test } from 'vitest'
import type { Overview } from '../../src/app/dashboard/overview.ts'
import { err, ok } from '../../src/core/result.ts'
import { listRows, visible } from '../../src/tui/dashboard/columns.ts'
import { Dashboard } from '../../src/tui/dashboard/dashboard.tsx'
import { footerLines } from '../../src/tui/dashboard/footer.tsx'
import { Header, headerRows } from '../../src/tui/dashboard/header.tsx'
import { aboutSecret } from '../../src/tui/dashboard/secrets-pane.tsx'
import type { TerminalControl } from '../../src/tui/dashboard/terminal-control.ts'
import { theme } from '../../src/tui/dashboard/theme.ts'
import { lockedView, NOW, still, unlockedView } from '../support/dashboard/world.ts'
import { until } from '../support/until.ts'

afterEach(cleanup)

/** A terminal that lends itself at once. */
function calm(): TerminalControl & { lent: string[] } {
  const lent: string[] = []
  return {
    lent,
    lend(work) {
      lent.push('lend')
      return work()
    },
    async reveal(name, ask) {
      lent.push(`reveal ${name}`)
      const value = await ask()
      return value.ok ? ok() : value
    },
    async copy(name, ask) {
      lent.push(`copy ${name}`)
      const value = await ask()
      return value.ok ? ok(true) : value
    },
    stop: async () => void lent.push('stop'),
    onMouse() {},
  }
}

function shown(view: Overview, change: Partial<ReturnType<typeof still>> = {}) {
  const source = { ...still(view), ...change }
  const terminal = calm()
  const screen = render(<Dashboard source={source} first={view} terminal={terminal} colour={false} />)
  const frame = () => screen.lastFrame() ?? ''
  const press = async (keys: string, shows: string) => {
    screen.stdin.write(keys)
    expect(await until(() => frame().includes(shows)), frame()).toBe(true)
  }
  return { source, terminal, frame, press, type: screen.stdin.write }
}

test('every action reaches the world by its key, and the answer is said', async () => {
  const { source, terminal, press } = shown(unlockedView())
  await press('p', 'interrupted; nothing was changed')
  await press('e', 'interrupted')
  await press('x', 'command:')
  await press('kubectl', 'command: kubectl')
  await press('\r', 'umask 077')
  await press('\u001b', '› GITHUB_TOKEN')
  await press('t', 'has changed. It grants:')
  await press('y', 'trusted; a pull makes it count')
  await press('r', 'was shown, and is wiped')
  await press('c', 'was sent to the clipboard, if the terminal allows it')
  await press('l', 'Lock while 1 command')
  await press('s', 'locked; 3 secrets wiped')
  expect(source.asked).toEqual([
    'pull false',
    'pull true',
    'explain kubectl',
    'agree',
    'reveal GITHUB_TOKEN',
    'reveal GITHUB_TOKEN',
    'lock true',
  ])
  expect(terminal.lent).toEqual(['lend', 'lend', 'reveal GITHUB_TOKEN', 'copy GITHUB_TOKEN'])
})

test('lock asks only while something runs, and Esc leaves everything as it is', async () => {
  const busy = shown(unlockedView())
  await busy.press('l', 'Lock while 1 command')
  await busy.press('\u001b', '› GITHUB_TOKEN')
  expect(busy.source.asked).toEqual([])
  const view = unlockedView()
  view.status.running = []
  const idle = shown(view)
  await idle.press('l', 'locked; 3 secrets wiped')
  expect(idle.source.asked).toEqual(['lock false'])
})

test('a trusted file is only shown: y agrees to nothing', async () => {
  const view = unlockedView()
  const world = still(view)
  const { press, source, type } = shown(view, {
    trust: async () => {
      const offer = await world.trust()
      return offer.ok ? ok({ ...offer.value, view: { ...offer.value.view, state: 'trusted' } }) : offer
    },
  })
  await press('t', 'is trusted. It grants:')
  type('y')
  await press('\u001b', '› GITHUB_TOKEN')
  expect(source.asked).toEqual([])
})

test('the search narrows the list, and the marked secret is one that shows', async () => {
  const { press, source } = shown(unlockedView())
  await press('G', '› PROXMOX_TOKEN')
  await press('/kube\r', '› KUBECONFIG_CONTENT')
  await press('r', 'KUBECONFIG_CONTENT was shown')
  expect(source.asked).toEqual(['reveal KUBECONFIG_CONTENT'])
  await press('\u001b', 'GITHUB_TOKEN')
})

test('what happens elsewhere shows by itself, and a failure does not take the screen away', async () => {
  const view = unlockedView()
  let state: 'unlocked' | 'locked' | 'broken' = 'unlocked'
  const { frame } = shown(view, {
    look: async () => {
      if (state === 'broken') return err({ reason: 'ghost', exitCode: 71, message: 'the state is unknown' })
      const { status } = state === 'locked' ? lockedView() : view
      return ok({ status, mark: state })
    },
    overview: async () => ok(state === 'locked' ? lockedView() : view),
  })
  expect(await until(() => frame().includes('● unlocked'))).toBe(true)
  state = 'locked'
  expect(await until(() => frame().includes('○ locked')), frame()).toBe(true)
  state = 'broken'
  expect(await until(() => frame().includes('the state is unknown')), frame()).toBe(true)
  expect(frame()).toContain('GITHUB_TOKEN')
})

test('names from a foreign file are never obeyed by the terminal', async () => {
  const evil = 'EVIL\u001b[2J\u202e'
  const [first, ...others] = unlockedView().secrets
  const secrets = [
    { ...first!, name: evil, grants: [{ command: evil, as: 'file' as const, where: evil, variables: [] }] },
  ]
  const view = unlockedView({ secrets: [...secrets, ...others] })
  view.status.project = evil
  const { frame, press } = shown(view)
  await press('1', 'EVIL\\x1b[2J')
  expect(frame()).not.toContain('\u001b[2J')
  expect(frame()).not.toContain('\u202e')
})

test('the bars tell what is left, and say in words when it is little', () => {
  const late = NOW + (9 * 60 - 3) * 60_000
  const rows = headerRows(unlockedView(), late, 80)
  expect(rows[0]).toMatchObject({
    label: 'locks',
    text: 'in 3m (21:00), soon'.replace('21:00', clock(9)),
    tone: 'bad',
  })
  expect(rows[0]?.left).toBeCloseTo(3 / (12 * 60), 3)
  const { lastFrame } = render(<Header view={unlockedView()} rows={rows} width={80} />)
  expect(lastFrame()).toContain('█░')
})

function clock(hours: number): string {
  return new Date(NOW + hours * 3_600_000).toTimeString().slice(0, 5)
}

test('without an end, and while commands run, the header says so', () => {
  const view = unlockedView()
  view.status.expiresAt = null
  view.status.idleAt = null
  const [max, idle] = headerRows(view, NOW, 80)
  expect(max?.text).toBe('when you lock it')
  expect(idle?.text).toBe('waits while a command runs')
  view.status.running = []
  expect(headerRows(view, NOW, 80)[1]?.text).toBe('never')
})

test('how the last fetch went is shown where the status tells it', () => {
  const view = unlockedView()
  const time = (ms: number) => new Date(NOW + ms).toISOString()
  view.status.refresh = { state: 'failed', at: time(120_000), last: time(-60_000), monitor: true }
  const row = headerRows(view, NOW, 80).find(({ label }) => label === 'provider')
  expect(row).toMatchObject({ text: 'the last fetch failed 1m ago, again in 2m', tone: 'bad' })
})

test('a secret is told in full: source, size, age, and each command with how', () => {
  const secret = unlockedView().secrets[1]
  expect(aboutSecret(secret, NOW, false, 100).join('\n')).toMatch(
    /^KUBECONFIG_CONTENT, from vault, 2345 bytes, changed .* \(3d ago\)\nkubectl gets it as the file KUBECONFIG_CONTENT\/kubeconfig, path in \$KUBECONFIG\nhelm gets/,
  )
})

test('rows fit their width: spare columns go first, then the widest shrink', () => {
  const columns = [
    { title: 'name', least: 4 },
    { title: 'spare', least: 5, spare: true },
    { title: 'what', least: 4 },
  ]
  const rows = [['a'.repeat(30), 'x', 'b'.repeat(30)]]
  expect(listRows(columns, rows, 80).rows[0]).toContain('  x      b')
  const narrow = listRows(columns, rows, 40)
  expect(narrow.head).toBe(`name${' '.repeat(17)}what`)
  expect(narrow.rows[0]).toHaveLength(40)
  expect(listRows(columns, [['日本語', '', 'x']], 40).rows[0]).toBe('日本語         x')
})

test.each([
  [100, 10, 0, 0, 10],
  [100, 10, 50, 45, 55],
  [100, 10, 99, 90, 100],
  [3, 10, 2, 0, 3],
])('of %i rows, %i lines with row %i marked show %i to %i', (count, height, at, from, to) => {
  expect(visible(count, height, at)).toEqual({ from, to })
})

test('the footer never cuts a key off', () => {
  for (let width = 40; width <= 130; width++) {
    const lines = footerLines(width).map((keys) => keys.map(({ key, short }) => `${key} ${short}`).join('  '))
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    expect(lines.join('  ')).toContain('q quit')
  }
})

test('no colour is black, white or grey: light and dark backgrounds are the terminal’s own', () => {
  const colours = Object.values(theme(true)).flatMap(({ color }) => color ?? [])
  expect(new Set(colours)).toEqual(new Set(['cyan', 'green', 'yellow', 'red']))
  expect(Object.values(theme(false)).flatMap(({ color }) => color ?? [])).toEqual([])
})
