import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dashboardAtTerminal, started } from '../support/dashboard/dashboard.ts'
import { svgOf } from '../support/dashboard/picture.ts'
import { CANARY } from '../support/dashboard/world.ts'
import { Scratch } from '../support/scratch.ts'
import { KEY, type Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

/** Types keys and waits until the screen shows a text. */
async function press(terminal: Terminal, keys: string, shows: string): Promise<void> {
  terminal.type(keys)
  await terminal.waitForScreen((screen) => screen.includes(shows))
}

/** A frame comes in several writes: what is drawn has time to become what the file holds. */
async function comesToBe(draw: () => string, file: string): Promise<void> {
  const path = join(import.meta.dirname, file)
  const wanted = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  let drawn = ''
  await until(() => {
    drawn = draw()
    return drawn === wanted
  })
  await expect(drawn).toMatchFileSnapshot(file)
}

function screenIs(terminal: Terminal, name: string): Promise<void> {
  return comesToBe(() => `${terminal.screen().replace(/ +$/gm, '')}\n`, `screens/${name}.txt`)
}

const SIZES = [
  [80, 24],
  [120, 40],
] as const

const PAGES = [
  ['secrets', 'unlocked', '', 'GITHUB_TOKEN, from vault'],
  ['second-secret', 'unlocked', 'j', 'kubectl gets it as the file'],
  ['running', 'unlocked', '2', 'kubectl: KUBECONFIG_CONTENT'],
  ['activity', 'unlocked', '3', 'another user'],
  ['help', 'unlocked', '?', 'what one command would get'],
  ['search', 'unlocked', '/prox', '/prox▏'],
  ['lock', 'unlocked', 'l', 'Lock while 1 command'],
  ['trust', 'unlocked', 't', 'has changed. It grants:'],
  ['explain', 'unlocked', `xkubectl${KEY.enter}`, 'umask 077'],
  ['locked', 'locked', '', 'not trusted'],
] as const

for (const [cols, rows] of SIZES) {
  test.each(PAGES)(`%s at ${cols}×${rows}`, async (name, world, keys, shows) => {
    await using scratch = new Scratch()
    await using terminal = await dashboardAtTerminal(scratch, world, { cols, rows })
    await terminal.waitForText('[1 secrets')
    terminal.type(keys) // at once, as a fast typist or a paste does
    await terminal.waitForScreen((screen) => screen.includes(shows))
    await screenIs(terminal, `${name}-${cols}x${rows}`)
    expect(terminal.screen().split('\n').length).toBeLessThanOrEqual(rows)
  })
}

test('the picture in the README is this very screen', async () => {
  await using scratch = new Scratch()
  await using terminal = await dashboardAtTerminal(scratch, 'unlocked', { cols: 100, rows: 24 })
  await terminal.waitForText('[1 secrets')
  await press(terminal, 'j', '› KUBECONFIG_CONTENT')
  await comesToBe(
    () => svgOf(terminal.pieces(), 100, 'tazpod dashboard'),
    '../../docs/pictures/dashboard.svg',
  )
})

test('readable at 60 columns: what matters most stays', async () => {
  await using scratch = new Scratch()
  await using terminal = await dashboardAtTerminal(scratch, 'unlocked', { cols: 60, rows: 24 })
  await terminal.waitForText('terraform')
  await screenIs(terminal, 'secrets-60x24')
  await press(terminal, '3', 'another user')
  await screenIs(terminal, 'activity-60x24')
})

test('a resize draws anew, and says so where there is no room', async () => {
  await using scratch = new Scratch()
  await using terminal = await dashboardAtTerminal(scratch, 'unlocked')
  await terminal.waitForText('q quit')
  terminal.resize(120, 40)
  await terminal.waitForScreen((screen) => screen.split('\n').length === 40)
  terminal.resize(30, 10)
  await terminal.waitForScreen((screen) => screen.includes('at least 40×14'))
  terminal.resize(80, 24)
  await terminal.waitForScreen((screen) => screen.includes('q quit'))
})

test('the mouse: a click on a tab opens it, the wheel moves the mark', async () => {
  await using scratch = new Scratch()
  await using terminal = await dashboardAtTerminal(scratch, 'unlocked')
  await started(terminal)
  const rows = terminal.screen().split('\n')
  const tabs = rows.findIndex((line) => line.includes('[1 secrets')) + 1
  const column = (rows[tabs - 1]?.indexOf('3 activity') ?? 0) + 2
  const at = (button: number, end: 'M' | 'm') => `\x1b[<${button};${column};${tabs}${end}`
  await press(terminal, `${at(0, 'M')}${at(0, 'm')}`, '[3 activity]')
  await press(terminal, '1', '[1 secrets')
  await press(terminal, at(65, 'M'), '› PROXMOX_TOKEN')
  await press(terminal, at(64, 'M'), '› GITHUB_TOKEN')
  terminal.type('q')
  await terminal.waitForText('ENDED')
  expect(terminal.screen()).not.toContain('<65')
})

test('NO_COLOR: no colour is sent, and the marks and words are all there', async () => {
  await using scratch = new Scratch()
  await using terminal = await dashboardAtTerminal(scratch, 'unlocked', { env: { NO_COLOR: '1' } })
  await terminal.waitForText('› GITHUB_TOKEN')
  terminal.type('q')
  await terminal.waitForText('ENDED')
  const colours = [...terminal.raw.matchAll(/\x1b\[([\d;]*)m/g)].map((m) => m[1] ?? '')
  expect(colours.length).toBeGreaterThan(0)
  expect(colours.filter((code) => /(^|;)(3[0-8]|4[0-8]|9\d|10\d)/.test(code))).toEqual([])
})

test('a revealed value is on the screen alone, harmless, and is gone from it and from every line above', async () => {
  await using scratch = new Scratch()
  await using terminal = await dashboardAtTerminal(scratch, 'unlocked')
  await terminal.waitForText('› GITHUB_TOKEN')
  await press(terminal, 'r', '\\x1b[31mred') // its second line
  expect(terminal.screen()).toContain('GITHUB_TOKEN, 27 bytes')
  expect(terminal.screen()).toContain(CANARY)
  await terminal.waitForScreen((screen) => /gone in \d s/.test(screen)) // it begins with 10
  expect(terminal.raw).not.toContain('\x1b[31mred')
  await press(terminal, ' ', 'was shown, and is wiped')
  expect(terminal.text()).not.toContain(CANARY)
  terminal.type('q')
  await terminal.waitForText('ENDED reveal GITHUB_TOKEN')
  expect(terminal.text()).not.toContain(CANARY)
})

test('keys that come faster than their answers are dropped, not stacked', async () => {
  await using scratch = new Scratch()
  await using terminal = await dashboardAtTerminal(scratch, 'unlocked')
  await terminal.waitForText('› GITHUB_TOKEN')
  await press(terminal, 'rr', CANARY)
  await press(terminal, ' ', 'was shown, and is wiped')
  await press(terminal, `r${KEY.ctrlZ}p`, CANARY)
  await press(terminal, ' ', 'was shown, and is wiped')
  terminal.type('q')
  await terminal.waitForText('ENDED reveal GITHUB_TOKEN, reveal GITHUB_TOKEN')
})

test('a revealed value goes by itself after 10 s', async () => {
  await using scratch = new Scratch()
  await using terminal = await dashboardAtTerminal(scratch, 'unlocked')
  await terminal.waitForText('› GITHUB_TOKEN')
  const start = Date.now()
  await press(terminal, 'r', CANARY)
  await terminal.waitForScreen((screen) => !screen.includes(CANARY), 40_000)
  expect(Date.now() - start).toBeGreaterThanOrEqual(9_500)
  const told = [...terminal.raw.matchAll(/gone in (\d+) s/g)].map(([, seconds]) => Number(seconds))
  expect(told).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) // one a second, however late each of them came
  await terminal.waitForText('was shown, and is wiped')
})

test('copy: OSC 52 with the exact bytes, and the clipboard is emptied at the end', async () => {
  await using scratch = new Scratch()
  await using terminal = await dashboardAtTerminal(scratch, 'unlocked')
  await terminal.waitForText('› GITHUB_TOKEN')
  await press(terminal, 'c', 'was sent to the clipboard')
  const sent = [...terminal.raw.matchAll(/\x1b\]52;c;([A-Za-z0-9+/=]+)\x07/g)].map((m) => m[1] ?? '')
  expect(sent.map((text) => Buffer.from(text, 'base64').toString())).toEqual([`${CANARY}\n\x1b[31mred\n`])
  terminal.type('q')
  await terminal.waitForText('ENDED')
  expect(terminal.raw.lastIndexOf('\x1b]52;c;\x07')).toBeGreaterThan(terminal.raw.indexOf(sent[0] ?? '?'))
  expect(terminal.text()).not.toContain(CANARY)
})
