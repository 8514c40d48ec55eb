import { PREFIX_NAME } from './keys.ts'

/** The page that `?` shows. */
export function helpText(hasDashboard: boolean): string {
  const dashboard = hasDashboard ? '  d     the dashboard\n' : ''
  return `
  This shell runs inside a ghost: it and what it starts see the files that it
  was granted, nobody else's. The last line tells the project, whether it is
  unlocked, and for how long.

  ${PREFIX_NAME}, then
  l     lock now: the secrets are wiped; what runs keeps what it was given
  s     lock, and ask the running commands to end
  w     lock as soon as no command runs
  u     unlock, or fetch the secrets anew
${dashboard}  ?     this page
  Esc   nothing
  ${PREFIX_NAME} once more goes to the program; so does the menu's key when nothing
  follows for 3 s

  tazpod pull                      the same as u, typed in the shell
  tazpod exec -- terraform apply   a command with its own grants
  exit                             ends the shell and what it was granted

  [any key goes back] `
}
