import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { canary } from '../canary.ts'
import { need, needRoot, sayWhy } from '../tools.ts'
import { asUser, STRANGER, testUid } from '../users.ts'
import { ATTACKS, attack, attackAll, successes, Victim } from './attacker.ts'

const compiler = need('cc', 'the control of the attacks')
const namespaces = can(['unshare', '--user', '--map-root-user', '--mount', 'true'])
if (!namespaces) sayWhy('this user may not make user namespaces: the control of nsenter is not tested')

/** Without these, "refused" in the security tests would prove nothing. */
describe.skipIf(!compiler)('control: the attacks work on an unprotected process', () => {
  test('of the same user', async () => {
    const secret = canary('victim')
    await using victim = await Victim.start(secret)
    const attempts = attackAll(victim.pid, { needle: secret })
    // nsenter needs a namespace of one's own: it has its control below
    expect(attempts.filter((a) => a.outcome === 'refused').map((a) => a.attack)).toEqual(['nsenter'])
    expect(attempts.filter((a) => a.found).map((a) => a.attack)).toEqual(['mem', 'environ'])
  })

  test('the memory scan does not find what is not there', async () => {
    await using victim = await Victim.start(canary('victim'))
    expect(attack('mem', victim.pid, { needle: canary('other') })).toMatchObject({
      outcome: 'read',
      found: false,
    })
  })

  test.skipIf(!namespaces)('nsenter, and a file read inside', async () => {
    await using victim = await Victim.start('x', { inNamespaces: true })
    expect(attack('nsenter', victim.pid)).toMatchObject({ outcome: 'read' })
    const read = attack('nsenter', victim.pid, { path: '/proc/self/uid_map', needle: `${testUid()}` })
    expect(read).toMatchObject({ outcome: 'read', found: true })
  })

  test.skipIf(!namespaces)('unmount: what lies below a mount comes to light', async () => {
    await using victim = await Victim.start('x', { inNamespaces: true, mounted: '/mnt' })
    expect(attack('unmount', victim.pid, { path: '/mnt' })).toMatchObject({ outcome: 'read' })
    expect(attack('unmount', victim.pid, { path: '/mnt' })).toMatchObject({ outcome: 'refused' })
  })

  test.skipIf(!needRoot('that the kernel refuses another user'))(
    'a stranger is refused all of them',
    async () => {
      await using victim = await Victim.start(canary('victim'))
      const attempts = attackAll(victim.pid, { uid: STRANGER })
      expect(successes(attempts)).toEqual([])
      expect(attempts).toHaveLength(ATTACKS.length)
    },
  )
})

function can(argv: string[]): boolean {
  const [command = '', ...args] = asUser(testUid(), argv)
  return spawnSync(command, args).status === 0
}
