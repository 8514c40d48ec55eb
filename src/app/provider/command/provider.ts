import { type Answer, askProgram } from '../../../adapters/process/ask-program.ts'
import type { ProjectConfig } from '../../../core/grant/model.ts'
import { type CommandSource, commandSources } from '../../../core/provider/command/definition.ts'
import { MAX_PRINTED, printedValue } from '../../../core/provider/command/printed.ts'
import type { ProvidedSet, SecretProvider } from '../../../core/provider/provider.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { namesEntry } from '../names-entry.ts'
import type { FetchContext } from '../registry.ts'

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
  const stop = new AbortController()
  return ok({
    name: 'command',
    fetch: () => fetchAll(sources, context, stop.signal),
    abandoned: async () => stop.abort(),
  })
}

async function fetchAll(
  sources: readonly CommandSource[],
  { root, env, progress }: FetchContext,
  signal: AbortSignal,
): Promise<Result<ProvidedSet>> {
  const groups = [...Map.groupBy(sources, ({ from }) => JSON.stringify(from)).values()]
  const secrets = new Map<string, Buffer>()
  const fail = (failure: Result<never>) => {
    for (const value of secrets.values()) value.fill(0)
    return failure
  }
  for (const [index, group] of groups.entries()) {
    const [{ name, from } = { name: '', from: [] as readonly string[] }] = group
    progress(`asking ${from[0]} for ${name} (${index + 1} of ${groups.length})`)
    const answer = await askProgram(from, { cwd: root, env, timeout: TIMEOUT_MS, limit: MAX_PRINTED, signal })
    const value = answer.kind === 'printed' ? printedValue(answer.output) : undefined
    if (value === undefined)
      return fail(err({ reason: 'provider-command', name, argv: [...from], why: whyNot(answer) }))
    for (const rule of group) secrets.set(rule.name, Buffer.from(value))
    wipeAnswer(answer)
  }
  const names = new Map(sources.map(({ name, from }): [string, string] => [name, from[0] ?? '']))
  const entries = new Map([namesEntry(names)])
  return ok({
    secrets,
    identity: new Map(),
    names,
    session: { entries, refresh: 0, tokenLeft: 0 },
    notes: [],
  })
}

function wipeAnswer(answer: Answer): void {
  if (answer.kind === 'printed') answer.output.fill(0)
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
      return 'printed more than 1 MiB'
    default:
      return answer satisfies never
  }
}

function said(text: string): string {
  return text === '' ? ', and said nothing' : `: ${text}`
}
