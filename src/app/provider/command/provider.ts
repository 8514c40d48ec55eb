import { type Answer, askProgram } from '../../../adapters/process/ask-program.ts'
import type { ProjectConfig } from '../../../core/grant/model.ts'
import { type CommandSource, commandSources } from '../../../core/provider/command/definition.ts'
import { printedValue } from '../../../core/provider/command/printed.ts'
import type { ProvidedSet, SecretProvider } from '../../../core/provider/provider.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { formatSize } from '../../../core/text/size.ts'
import { MAX_VALUE } from '../../../core/vault/limits.ts'
import type { FetchContext } from '../fetch-context.ts'

/** A person may have to type a passphrase or touch a key. */
const TIMEOUT_MS = 120_000

/**
 * The provider `command`: each secret is what a program prints, run once for each pull even where two secrets come
 * from it, one after the other, because two prompts at once would fight for the terminal.
 * Failure of a fetch: provider-command, with what the program said on standard error.
 */
export function commandProvider(
  config: ProjectConfig | undefined,
  context: FetchContext,
): Result<SecretProvider> {
  const sources = commandSources(config?.secrets ?? [])
  return ok({ name: 'command', fetch: () => fetchAll(sources, context) })
}

async function fetchAll(
  sources: readonly CommandSource[],
  { root, env, progress }: FetchContext,
): Promise<Result<ProvidedSet>> {
  const commands = Map.groupBy(sources, ({ from }) => JSON.stringify(from))
  const secrets = new Map<string, Buffer>()
  for (const [first, ...others] of commands.values()) {
    if (first === undefined) continue
    const { name, from } = first
    progress(`asking ${from[0]} for ${name} (${secrets.size + 1} of ${sources.length})`)
    const answer = await askProgram(from, { cwd: root, env, timeout: TIMEOUT_MS, limit: MAX_VALUE })
    const value = answer.kind === 'printed' ? printedValue(answer.output) : undefined
    if (value === undefined) {
      for (const known of secrets.values()) known.fill(0)
      return err({ reason: 'provider-command', name, argv: [...from], why: whyNot(answer) })
    }
    secrets.set(name, value)
    for (const other of others) secrets.set(other.name, Buffer.from(value))
  }
  const names = new Map(sources.map(({ name, from }): [string, string] => [name, from[0] ?? '']))
  return ok({ secrets, identity: new Map(), names, notes: [] })
}

/** Completes "PROGRAM …". What it printed is never in it, only what it said on standard error. */
function whyNot(answer: Answer): string {
  switch (answer.kind) {
    case 'printed':
      return 'printed nothing'
    case 'failed':
      return `failed (exit ${answer.exitCode})${said(answer.said)}`
    case 'killed':
      return `was ended by ${answer.signal}${said(answer.said)}`
    case 'not-started':
      return answer.code === 'ENOENT' ? 'is not on the PATH' : `can't be started (${answer.code})`
    case 'too-long':
      return `was given ${TIMEOUT_MS / 1000} seconds and did not end`
    case 'too-much':
      return `printed more than ${formatSize(MAX_VALUE)}`
    default:
      return answer satisfies never
  }
}

function said(text: string): string {
  return text === '' ? ', and said nothing' : `: ${text}`
}
