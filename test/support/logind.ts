/**
 * A stand-in of logind on a private system bus: python-dbusmock's own template of it, as GNOME's tests use it. A real
 * one needs systemd as process 1, which no container has.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needPython } from './tools.ts'
import { until } from './until.ts'

const PYTHON = needPython(['dbusmock'], 'locking on suspend and with the screen')
export const HAS_LOGIND = PYTHON !== undefined

const CONFIG = (socket: string) => `<busconfig><type>system</type><listen>unix:path=${socket}</listen>
<auth>EXTERNAL</auth><policy context="default"><allow user="*"/><allow own="*"/>
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/></policy></busconfig>`

const MOCK = 'org.freedesktop.DBus.Mock'
export const MANAGER = ['/org/freedesktop/login1', 'org.freedesktop.login1.Manager'] as const

export class Logind implements AsyncDisposable {
  readonly env: { DBUS_SYSTEM_BUS_ADDRESS: string }
  readonly #folder: string
  readonly #socket: string
  readonly #config: string
  #bus: ChildProcess | undefined
  #service: ChildProcess | undefined

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'tz-bus-')) // not the scratch's: these processes are none of its
    chmodSync(this.#folder, 0o755)
    this.#socket = join(this.#folder, 'bus')
    this.#config = join(this.#folder, 'bus.conf')
    writeFileSync(this.#config, CONFIG(this.#socket))
    this.env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${this.#socket}` }
  }

  /** With one session, `c1`, of the user with this uid. */
  static async start(uid: number): Promise<Logind> {
    const logind = new Logind()
    await logind.startBus()
    await logind.startService(uid)
    return logind
  }

  async startBus(): Promise<void> {
    rmSync(this.#socket, { force: true })
    this.#bus = spawn('dbus-daemon', [`--config-file=${this.#config}`, '--nofork', '--print-address=1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(this.#bus.stdout as NodeJS.ReadableStream, 'data')
  }

  async startService(uid: number): Promise<void> {
    const args = ['-m', 'dbusmock', '--system', '--template', 'logind']
    this.#service = spawn(PYTHON ?? '', args, { env: { ...process.env, ...this.env }, stdio: 'ignore' })
    await until(() => this.#call('/', 'org.freedesktop.DBus.Peer.Ping').status === 0, 10_000)
    this.must(MANAGER[0], `${MOCK}.AddSession`, ['c1', 'seat0', uid, 'user', true])
  }

  /** The machine is about to sleep, or is back. */
  sleep(going: boolean): void {
    this.#signal(MANAGER[0], MANAGER[1], 'PrepareForSleep', 'b', [going])
  }

  /** `loginctl lock-session`: the desktop is asked to lock. */
  askToLock(session = 'c1'): void {
    this.#signal(`${MANAGER[0]}/session/${session}`, 'org.freedesktop.login1.Session', 'Lock', '', [])
  }

  /** What a screen locker sets once it has locked. */
  locked(hint: boolean, session = 'c1'): void {
    const changed = ['org.freedesktop.login1.Session', { LockedHint: hint }]
    this.must(`${MANAGER[0]}/session/${session}`, `${MOCK}.UpdateProperties`, changed)
  }

  addSession(name: string, uid: number): void {
    this.must(MANAGER[0], `${MOCK}.AddSession`, [name, 'seat0', uid, 'another', true])
  }

  /** Who delays what. */
  inhibitors(): string {
    return this.must(MANAGER[0], `${MANAGER[1]}.ListInhibitors`, [])
  }

  /** The same signal from a program that is not logind: to everybody, and to each by name, which no match rule keeps out. */
  forged(path: string, name: string, member: string): void {
    const env = { ...process.env, ...this.env }
    const sent = spawnSync(PYTHON ?? '', ['-c', FORGE, path, name, member], {
      env,
      encoding: 'utf8',
      timeout: 20_000,
    })
    if (sent.status !== 0) throw new Error(sent.stderr)
  }

  async stopService(): Promise<void> {
    await ended(this.#service)
  }

  async stopBus(): Promise<void> {
    await ended(this.#service)
    await ended(this.#bus)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopBus()
    rmSync(this.#folder, { recursive: true })
  }

  #signal(path: string, name: string, member: string, signature: string, args: unknown[]): void {
    this.must(path, `${MOCK}.EmitSignal`, [name, member, signature, args])
  }

  must(path: string, method: string, args: unknown[]): string {
    const done = this.#call(path, method, args)
    if (done.status !== 0) throw new Error(`${method}: ${done.stderr}`)
    return done.stdout
  }

  #call(path: string, method: string, args: unknown[] = []) {
    const env = { ...process.env, ...this.env }
    return spawnSync(PYTHON ?? '', ['-c', CALL, path, method, JSON.stringify(args)], {
      env,
      encoding: 'utf8',
    })
  }
}

const CALL = `
import dbus, json, sys
path, method, args = sys.argv[1:]
interface, member = method.rsplit('.', 1)
args = json.loads(args)
bus = dbus.bus.BusConnection(__import__('os').environ['DBUS_SYSTEM_BUS_ADDRESS'])
target = dbus.Interface(bus.get_object('org.freedesktop.login1', path, introspect=False), interface)
if member == 'AddSession': args[2] = dbus.UInt32(args[2])
if member == 'EmitSignal': args[3] = dbus.Array(args[3], signature='v')
if member == 'UpdateProperties': args[1] = dbus.Dictionary(args[1], signature='sv')
print(getattr(target, member)(*args))
`

const FORGE = `
import dbus, dbus.lowlevel, os, sys
bus = dbus.bus.BusConnection(os.environ['DBUS_SYSTEM_BUS_ADDRESS'])
for name in [None] + [str(n) for n in bus.list_names() if n.startswith(':')]:
    signal = dbus.lowlevel.SignalMessage(*sys.argv[1:])
    signal.append(True)
    if name: signal.set_destination(name)
    bus.send_message(signal)
bus.flush()
`

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}
