import { type GhostStatus, lock, sessionArgv, watchStatus } from '../../adapters/holder/client.ts'
import { hasCommand } from '../../adapters/holder/install.ts'
import { stopProcess } from '../../adapters/holder/running.ts'
import { SessionPage } from '../../adapters/holder/session-page.ts'
import { type PtyProgram, startOnPty } from '../../adapters/terminal/pty.ts'
import type { ShellRules } from '../../app/session/shell.ts'
import { formatSpan } from '../../core/text/duration.ts'
import { type FooterState, footerLine, providerHealth } from './footer.ts'
import { helpText } from './help.ts'
import { type Choice, Keys, PREFIX_NAME } from './keys.ts'
import { Lending } from './lending.ts'
import { dueWarning, lifetime } from './lifetime.ts'
import { Screen } from './screen.ts'
import type { Size } from './size.ts'

interface SessionOptions {
  /** The inherited descriptor of the session's page. */
  page: number
  /** Where the shell asks for a holder. */
  broker: string
  keys: boolean
  /** What the project says; asked once the shell has been started, which need not wait for the parser of YAML. */
  rules: () => Promise<ShellRules>
}

/** How long a note stands in the footer, and how long the menu waits for its key. */
const NOTE_MS = 10_000
const MENU_MS = 3_000
const TICK_MS = 1_000

type Running = NonNullable<GhostStatus['running']>

/** One shell in its ghost, with the footer below it: what is typed goes in, what is written comes out. */
export class Session {
  readonly #options: SessionOptions
  readonly #page: SessionPage
  readonly #keys: Keys
  readonly #screen: Screen
  readonly #lending: Lending
  readonly #colour = !process.env.NO_COLOR
  readonly #end = Promise.withResolvers<number>()
  #shell: PtyProgram | undefined
  #ownTerminalOnly = false
  #learned: Promise<void> | undefined
  #status: GhostStatus | undefined
  #running: Running = []
  #seenAt = 0
  #left: number | undefined
  #note: string | undefined
  #noteTimer: NodeJS.Timeout | undefined
  #menuTimer: NodeJS.Timeout | undefined
  #shown = ''
  /** Looked up when the menu opens: the footer is drawn up to 120 times a second. */
  #hasDashboard = false
  #waitsToLock = false

  private constructor(options: SessionOptions, page: SessionPage) {
    this.#options = options
    this.#page = page
    this.#keys = new Keys(options.keys)
    this.#screen = new Screen(terminalSize(), {
      write: (bytes) => process.stdout.write(bytes),
      reply: (bytes) => this.#shell?.write(bytes),
      footer: (cols) => this.#footer(cols),
      remember: (restore) => page.restoreWith(restore),
      now: () => performance.now(),
    })
    this.#lending = new Lending(page.fd, { suspend: () => this.#suspend(), resume: () => this.#resume() })
  }

  /** Runs until the shell ends; returns its exit code, or undefined where no native parent is around this process. */
  static async run(options: SessionOptions): Promise<number | undefined> {
    const page = SessionPage.open(options.page)
    if (page === undefined) return undefined
    return new Session(options, page).#run()
  }

  async #run(): Promise<number> {
    this.#watchProcess()
    this.#screen.begin()
    const { cols, rows } = this.#screen.inner
    this.#shell = await startOnPty(
      sessionArgv(process.ppid, this.#options.broker),
      { cols, rows },
      { data: (bytes) => this.#screen.feed(bytes), end: (code) => this.#end.resolve(code) },
    )
    this.#page.shellIs(this.#shell.pid)
    process.stdin.on('data', (bytes: Buffer) => this.#typed(bytes))
    this.#learned = this.#learnRules()
    const stopWatching = watchStatus((status) => this.#changed(status))
    const ticks = setInterval(() => this.#tick(), TICK_MS)
    const code = await this.#end.promise
    stopWatching()
    clearInterval(ticks)
    clearTimeout(this.#noteTimer)
    clearTimeout(this.#menuTimer)
    await this.#lending.end()
    process.stdin.pause()
    this.#screen.end()
    return code
  }

  async #learnRules(): Promise<void> {
    this.#ownTerminalOnly = (await this.#options.rules()).ownTerminalOnly
  }

  /** A closed window, a SIGTERM, a defect: the terminal is put back, and the shell is hung up on. */
  #watchProcess(): void {
    const stop = (code: number) => () => {
      this.#shell?.hangUp()
      this.#end.resolve(code)
    }
    process.on('SIGTERM', stop(143)).on('SIGHUP', stop(129)).on('SIGINT', stop(130))
    process.stdin.on('end', stop(129)).on('error', stop(129))
    process.stdout.on('error', stop(129)).on('resize', () => this.#resized())
    process.prependListener('uncaughtException', () => this.#screen.end())
    process.prependListener('unhandledRejection', () => this.#screen.end())
  }

  #resized(): void {
    if (this.#lending.isLent) return // whoever has the terminal sees to it; the size is looked at again afterwards
    this.#screen.resize(terminalSize())
    const { cols, rows } = this.#screen.inner
    this.#shell?.resize(cols, rows)
  }

  #typed(bytes: Buffer): void {
    if (this.#lending.press()) return
    const { pass, chosen, menu } = this.#keys.type(bytes)
    if (pass.length > 0) this.#shell?.write(pass)
    if (menu) this.#menuChanged()
    if (chosen !== undefined) void this.#choose(chosen)
  }

  #menuChanged(): void {
    clearTimeout(this.#menuTimer)
    if (this.#keys.isMenuOpen) {
      this.#hasDashboard = hasCommand('dashboard')
      this.#menuTimer = setTimeout(() => {
        this.#shell?.write(this.#keys.close())
        this.#screen.refresh()
      }, MENU_MS)
    }
    this.#screen.refresh()
  }

  async #choose(choice: Choice): Promise<void> {
    switch (choice) {
      case 'help':
        return this.#lending.show(helpText(hasCommand('dashboard')))
      case 'unlock':
        return this.#unlock()
      case 'dashboard':
        if (!hasCommand('dashboard')) return this.#say('this tazpod has no dashboard')
        await this.#lending.run(['dashboard'])
        return
      case 'wait':
        this.#waitsToLock = true
        return this.#lockIfNothingRuns()
      case 'lock':
        return this.#lock(undefined)
      case 'stop':
        if (this.#status?.state === 'unlocked') return this.#lock(this.#shell?.pid)
        return this.#stopLeftovers()
    }
  }

  async #unlock(): Promise<void> {
    await this.#learned
    if (this.#ownTerminalOnly) return this.#say('scope is terminal: type tazpod pull in the shell')
    const wasUnlocked = this.#status?.state === 'unlocked'
    const isDone = await this.#lending.run(['pull'])
    if (isDone && wasUnlocked) this.#say('secrets fetched anew')
  }

  async #lock(stopExcept: number | undefined): Promise<void> {
    const locked = await lock(stopExcept === undefined ? {} : { keep: stopExcept })
    if (!locked.ok) this.#say('it could not be locked: tazpod lock says why')
  }

  /** What was running when it was locked and still runs; its holder is gone, so it is asked here. */
  #stopLeftovers(): void {
    const asked = this.#running.filter(({ pid }) => stopProcess(pid, this.#seenAt))
    this.#say(asked.length === 0 ? 'nothing runs any more' : `asked ${asked.length} to end`)
    this.#running = []
    this.#screen.refresh()
  }

  #lockIfNothingRuns(): void {
    if (!this.#waitsToLock || this.#status?.state !== 'unlocked') return
    if (this.#running.length > 0) {
      this.#say(`locks when ${this.#running.length} running have ended`)
      return
    }
    this.#waitsToLock = false
    void this.#lock(undefined)
  }

  #suspend(): void {
    this.#shell?.pause()
    this.#screen.suspend()
  }

  #resume(): void {
    this.#screen.resume(terminalSize())
    const { cols, rows } = this.#screen.inner
    this.#shell?.resize(cols, rows)
    this.#shell?.resume()
  }

  #changed(status: GhostStatus): void {
    const was = this.#status?.state
    this.#status = status
    if (status.state === 'unlocked') {
      this.#running = (status.running ?? []).filter(({ pid }) => pid !== this.#shell?.pid)
      this.#seenAt = Date.now()
    }
    if (was === 'unlocked' && status.state === 'locked') this.#locked()
    if (was === 'locked' && status.state === 'unlocked') this.#say('unlocked again')
    this.#lockIfNothingRuns()
    this.#tick()
  }

  #locked(): void {
    this.#waitsToLock = false
    this.#left = undefined
    const n = this.#running.length
    const stop = this.#options.keys ? `${PREFIX_NAME} s stops them` : 'they keep their files'
    this.#say(
      n === 0 ? 'locked; files in $TAZPOD_GHOST/work are gone' : `locked; ${n} still run, ${stop}`,
      true,
    )
  }

  /** Once a second: the time that is left, warnings before it ends. */
  #tick(): void {
    const { left, why } = lifetime(this.#status ?? {}, Date.now())
    const warning = this.#status?.state === 'unlocked' ? dueWarning(this.#left, left) : undefined
    this.#left = left
    if (warning !== undefined) {
      const cause = why === 'idle' ? 'no command runs' : 'its time is over'
      this.#say(`locks in ${formatSpan(left ?? 0)} (${cause}); tazpod pull asks anew`, true)
    }
    const shown = this.#shown
    if (this.#footer(this.#screen.inner.cols) !== shown) this.#screen.refresh()
  }

  /** Puts words into the footer for a while. */
  #say(note: string, ring = false): void {
    this.#note = note
    clearTimeout(this.#noteTimer)
    this.#noteTimer = setTimeout(() => {
      this.#note = undefined
      this.#screen.refresh()
    }, NOTE_MS)
    if (ring && !this.#lending.isLent) this.#screen.ring()
    this.#screen.refresh()
  }

  #footer(cols: number): string {
    const { keys } = this.#options
    this.#shown = footerLine(this.#state(), {
      cols,
      now: Date.now(),
      colour: this.#colour,
      note: this.#keys.isMenuOpen ? this.#menu() : this.#note,
      key: keys ? PREFIX_NAME : undefined,
    })
    return this.#shown
  }

  #menu(): string {
    const n = this.#running.length
    const unlocked = this.#status?.state === 'unlocked'
    const stop = n === 0 ? [] : [`s ${unlocked ? 'lock and ' : ''}stop ${n} running`]
    const wait = unlocked && n > 0 ? ['w lock when they end'] : []
    const dashboard = this.#hasDashboard ? ['d dashboard'] : []
    const first = unlocked ? ['l lock', ...stop, ...wait, 'u refresh'] : ['u unlock', ...stop]
    return [...first, ...dashboard, '? help', 'Esc'].join('   ')
  }

  #state(): FooterState {
    const { state = 'starting', project = null, expiresAt, idleAt, secrets = 0 } = this.#status ?? {}
    return {
      ...{ state, project, secrets },
      expiresAt: expiresAt ?? null,
      idleAt: idleAt ?? null,
      running: this.#running.length,
      isolation: this.#status?.isolation?.mode,
      provider: providerHealth(this.#status?.provider, this.#status?.refresh),
    }
  }
}

function terminalSize(): Size {
  return { cols: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
}
