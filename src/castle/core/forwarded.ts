/** What an argument behind `--` would change that tazpod answers for; `why` is a sentence. */
type Forwarded = { refused: false; files: string[] } | { refused: true; why: string; next?: string }

/**
 * Looks at what a person hands on to terraform. An argument wins over the injected file (developer.hashicorp.com,
 * "Variable definition precedence": `-var` and `-var-file` come last), so that one of them could give a living cluster
 * another key behind the back of its guard. `guarded`: names that tazpod injects. `files`: what `-var-file` names; the
 * caller looks into them. terraform takes one or two dashes, and the value behind `=` or as the next argument.
 */
export function readForwarded(args: readonly string[], guarded: ReadonlySet<string>): Forwarded {
  const files: string[] = []
  for (const [index, arg] of args.entries()) {
    const [, name, own] = /^--?([a-z-]+)(?:=([\s\S]*))?$/.exec(arg) ?? []
    const value = own ?? args[index + 1] ?? ''
    if (name === 'var') {
      const variable = value.split('=')[0]?.trim() ?? ''
      if (guarded.has(variable))
        return {
          refused: true,
          why: `-var ${variable}=… would replace what tazpod injects: a cluster that gets another value than the recorded one can be lost`,
          next: 'the same command without it',
        }
    } else if (name === 'var-file') files.push(value)
    else if (name === 'out')
      return {
        refused: true,
        why: '-out writes a plan, and a saved plan holds the key and every granted value in clear text on the disk',
        next: 'tazpod castle apply   (it shows the plan and asks before it changes anything)',
      }
    else if (name !== undefined && /^(state|state-out|backup)$/.test(name))
      return {
        refused: true,
        why: `-${name} puts the state where the castle's record does not look: it would not be kept in the store`,
        next: 'the same command without it',
      }
    else if (name === 'destroy')
      return {
        refused: true,
        why: '-destroy would kill the cluster without its death being recorded',
        next: 'tazpod castle destroy',
      }
  }
  return { refused: false, files }
}
