import { useCallback, useEffect, useRef, useState } from 'react'
import type { Overview } from '../../app/dashboard/overview.ts'
import type { DashboardSource } from '../../app/dashboard/source.ts'
import type { Failure } from '../../core/failure/failure.ts'
import type { Activity } from '../../core/session/activity.ts'

const TICK_MS = 1_000

export interface Live {
  view: Overview
  lines: readonly Activity[]
  now: number
  /** Why the last look failed; the rest of the screen is then as old as it was. */
  problem: Failure | undefined
  /** Looks again at once, at everything. */
  reload(): Promise<void>
}

/** Looks once a second: the state always, the rest only when a mark says that it changed. */
export function useLive(source: DashboardSource, first: Overview): Live {
  const [view, setView] = useState(first)
  const [lines, setLines] = useState<readonly Activity[]>([])
  const [now, setNow] = useState(source.now)
  const [problem, setProblem] = useState<Failure>()
  const marks = useRef({ overview: '', activity: '' })

  const look = useCallback(
    async (everything: boolean) => {
      const [seen, log] = await Promise.all([source.look(), source.activity(marks.current.activity)])
      setNow(source.now())
      if (log.ok && log.value) {
        marks.current.activity = log.value.mark
        setLines(log.value.lines)
      }
      if (!seen.ok) return setProblem(seen.error)
      const { status, mark } = seen.value
      const known = marks.current.overview
      marks.current.overview = mark
      if (!everything && (known === '' || known === mark)) {
        setProblem(undefined)
        return setView((before) => ({ ...before, status }))
      }
      const whole = await source.overview()
      if (whole.ok) setView(whole.value)
      setProblem(whole.ok ? undefined : whole.error)
    },
    [source],
  )

  useEffect(() => {
    let timer: NodeJS.Timeout
    let over = false
    const again = async () => {
      await look(false)
      if (!over) timer = setTimeout(again, TICK_MS)
    }
    void again()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [look])

  return { view, lines, now, problem, reload: useCallback(() => look(true), [look]) }
}
