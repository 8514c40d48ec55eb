/** Who calls a use case, and from where. Handed in by the command: nothing in `app` looks at the process itself. */
export interface Caller {
  env: NodeJS.ProcessEnv
  cwd: string
  /** Tells a person something between two steps. */
  say: (line: string) => void
  /** Descriptor that delivers the passphrase, if a script passes one. */
  passphraseFd?: number | undefined
  nonInteractive: boolean
  /** For what opens the vault several times: the key, once a passphrase has opened it. Ends with the process. */
  kept?: { identity?: Buffer }
}
