/**
 * Whom the tests can act as. Root may become anybody through `setpriv`; everybody else is only themselves, and a
 * test that needs another user then skips with a printed reason.
 */

/** Debian's `nobody`: the unprivileged user of the tests. */
export const UNPRIVILEGED = 65534
/** A second unprivileged user, the stranger on the same machine. It has no passwd entry on purpose. */
export const STRANGER = 64999

export const ownUid = (): number => process.getuid?.() ?? 0
export const isRoot = (): boolean => ownUid() === 0

/** The user that the product is tested as: `nobody` when the tests run as root, else the one who runs them. */
export const testUid = (): number => (isRoot() ? UNPRIVILEGED : ownUid())

/**
 * The argv that runs `argv` as `uid` (its group has the same number), with no supplementary group and no capability.
 * Throws when this process may not change to that user: such a test must ask `isRoot()` first.
 */
export function asUser(uid: number, argv: readonly string[]): string[] {
  if (uid === ownUid()) return [...argv]
  if (!isRoot()) throw new Error(`uid ${ownUid()} can't run a program as uid ${uid}`)
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all', '--', ...argv]
}
