/** The dashboard on a world that stands still, as a program of its own: `dashboard-program WORLD`. */
import { runDashboard } from '../../../src/tui/dashboard/run.tsx'
import { lockedView, still, unlockedView } from './world.ts'

const world = process.argv[2] ?? ''
const view = world === 'locked' ? lockedView() : unlockedView()
const source = still(view)

// As src/cli/run.ts: the report must be readable, so not on the alternate screen.
const report = (error: unknown): never => {
  process.stderr.write(`REPORT ${error instanceof Error ? error.message : error}\n`)
  process.exit(70)
}
process.on('uncaughtException', report)
process.on('unhandledRejection', report)

if (world === 'crash-later') {
  // From a key on, not from the start: the test has to have seen the dashboard before.
  const { lock } = source
  source.lock = (stop) => {
    setTimeout(() => {
      throw new Error('thrown out of the blue')
    }, 100)
    return lock(stop)
  }
}
if (world === 'crash-in-a-look') source.lock = () => Promise.reject(new Error('a look that was rejected'))
try {
  await runDashboard(source, view)
  process.stdout.write(`ENDED ${source.asked.join(', ')}\n`)
} catch (error) {
  report(error)
}
process.exit(0)
