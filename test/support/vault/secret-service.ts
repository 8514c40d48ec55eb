import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SecretService extends AsyncDisposable {
  /** Environment of a desktop session: its own HOME, runtime folder and bus. */
  env: Record<string, string>
}

/** A session bus that starts no services. */
const BARE_BUS = `<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

/** A private D-Bus session, with an unlocked throw-away GNOME Keyring on it unless `keyring` is false. */
export async function startSecretService(options: { keyring?: boolean } = {}): Promise<SecretService> {
  const home = await mkdtemp(join(tmpdir(), 'tz-bus-'))
  const run = join(home, 'run')
  await mkdir(run, { mode: 0o700 })
  await mkdir(join(home, 'share'))
  const base = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    XDG_RUNTIME_DIR: run,
    XDG_DATA_HOME: join(home, 'share'),
  }
  const config = join(home, 'bus.conf')
  await writeFile(config, BARE_BUS)
  // The usual session bus would start an installed keyring on the first call.
  const kind = options.keyring === false ? `--config-file=${config}` : '--session'
  const bus = spawn('dbus-daemon', [kind, '--nofork', '--print-address=1'], {
    env: base,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const stop = async () => {
    await ended(bus)
    await rm(home, { recursive: true, force: true })
  }
  try {
    const [line] = (await once(bus.stdout, 'data')) as [Buffer]
    const env = { ...base, DBUS_SESSION_BUS_ADDRESS: String(line).trim() }
    if (options.keyring !== false) await unlockedKeyring(env)
    return { env, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Without --foreground it forks; the parent ends once the service is on the bus, the daemon ends with the bus. */
async function unlockedKeyring(env: Record<string, string>): Promise<void> {
  const daemon = spawn('gnome-keyring-daemon', ['--unlock', '--components=secrets'], {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  daemon.stdin.end('test-password')
  await once(daemon, 'exit')
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}
