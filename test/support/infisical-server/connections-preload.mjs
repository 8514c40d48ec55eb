// Loaded into a process before its program (NODE_OPTIONS=--import=...): writes down where it connects to, and lets
// nothing leave this machine. See connections.ts.
import { appendFileSync } from 'node:fs'
import { Socket } from 'node:net'

const connect = Socket.prototype.connect

Socket.prototype.connect = function (...given) {
  // Inside Node the arguments come as one array already.
  const [first, second] = Array.isArray(given[0]) ? given[0] : given
  const options = typeof first === 'object' ? first : { port: first, host: second }
  const log = process.env.TZ_TEST_CONNECTIONS
  if (log === undefined || typeof options.path === 'string' || typeof first === 'string') {
    return connect.apply(this, given)
  }
  const host = String(options.host ?? 'localhost')
  appendFileSync(log, `${JSON.stringify({ host, port: Number(options.port), pid: process.pid })}\n`)
  if (isLocal(host)) return connect.apply(this, given)
  process.nextTick(() =>
    this.destroy(Object.assign(new Error(`refused in tests: ${host}`), { code: 'ENETUNREACH' })),
  )
  return this
}

function isLocal(host) {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
