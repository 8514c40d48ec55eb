import { rotateKey } from '../../../src/castle/app/secretbox/rotate.ts'
import { runFlags, runOptions } from '../../../src/castle/cli/run.ts'
import { TazpodCommand } from '../../../src/cli/base-command.ts'

/** An API server is away for a minute or two while its static pod starts anew, one after the other. */
const PATIENCE_MS = 10 * 60_000

export default class SecretboxRotate extends TazpodCommand {
  static override summary = 'Give a living cluster another key, step by step.'
  static override description =
    'From Talos 1.14 on. The four steps of Kubernetes: the new key behind the old one on every control plane, then before it, then every Secret written anew, then the old one out. Each is a terraform apply that shows its plan and asks, or a kubectl; a run that was stopped goes on at its step. The old key stays in the store, because old snapshots need it.'
  static override usage = 'castle secretbox rotate [-- TERRAFORM-ARGUMENT…]'
  static override examples = [
    '<%= config.bin %> castle secretbox rotate',
    '<%= config.bin %> castle secretbox rotate -- -auto-approve',
  ]
  static override strict = false
  static override flags = runFlags

  override async run(): Promise<void> {
    const { flags, argv } = await this.parse(SecretboxRotate)
    const options = { ...runOptions(flags, argv), patience: PATIENCE_MS }
    const done = this.finish(await rotateKey(options))
    const { castle, key, fingerprint, rewritten, exitCode, next } = done
    this.print(
      flags.json,
      done,
      exitCode === 0
        ? `castle ${castle}: the key is ${key} now, fingerprint ${fingerprint}; ${rewritten} Secrets were written anew`
        : `castle ${castle}: terraform ended with ${exitCode}; next: ${next}`,
    )
    process.exitCode = exitCode
  }
}
