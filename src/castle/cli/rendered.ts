import { boolean } from '@oclif/core/flags'
import { passphraseFdFlag } from '../../cli/base-command.ts'
import { writeOut } from '../../cli/output.ts'
import type { HandedOver } from '../app/render.ts'

/** Flags of the commands that render something for a cluster. */
export const renderFlags = {
  apply: boolean({ summary: 'Send it into kubectl apply --server-side instead of printing it.' }),
  force: boolean({ summary: 'Print a secret even onto a terminal or into a file.' }),
  ...passphraseFdFlag,
}

/** Prints what was rendered, or what kubectl said. With --json the text is a field, and a secret is base64. */
export function printRendered(done: HandedOver, asJson: boolean): void {
  for (const line of done.notes) process.stderr.write(`note: ${line}\n`)
  if ('applied' in done) {
    const { applied } = done
    writeOut(asJson ? `${JSON.stringify({ applied: applied.split('\n') }, null, 2)}\n` : `${applied}\n`)
    return
  }
  const { text, secret, notes } = done
  const content = secret ? { base64: text.toString('base64') } : { text: text.toString() }
  writeOut(asJson ? `${JSON.stringify({ secret, ...content, notes }, null, 2)}\n` : text)
}
