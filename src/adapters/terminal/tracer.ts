import { readFileSync } from 'node:fs'

/** A process that is attached to this one with ptrace(2), and so sees what is typed. */
interface Tracer {
  pid: number
  /** Its name, at most 15 bytes; empty where it can't be read. */
  name: string
}

/** Who is attached to this process; undefined: nobody, or nobody in this PID namespace (proc(5), TracerPid). */
export function tracer(): Tracer | undefined {
  const pid = Number(field('/proc/self/status', 'TracerPid'))
  return pid > 0 ? { pid, name: field(`/proc/${pid}/status`, 'Name') } : undefined
}

function field(path: string, name: string): string {
  try {
    return new RegExp(`^${name}:\\t(.*)$`, 'm').exec(readFileSync(path, 'utf8'))?.[1] ?? ''
  } catch {
    return ''
  }
}
