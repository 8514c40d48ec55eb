import { median, quantile } from './timing.mjs'

/**
 * One row of the table.
 * @typedef {{id: string, what: string, unit: 'ms' | 'KiB' | '', value: number, p95?: number, runs: number,
 *   baseline?: string, ratio?: number, budget?: string, limit?: number, within?: boolean, note?: string}} Row
 */

/** Turns what was measured into rows with their ratio to the baseline and the verdict on the budget. */
export function rows(measured, budgets) {
  const value = new Map(measured.map((m) => [m.id, m.value ?? median(m.times)]))
  return measured.map((m) => {
    const row = {
      id: m.id,
      what: m.what,
      unit: m.unit ?? 'ms',
      value: value.get(m.id),
      runs: m.times?.length ?? 1,
    }
    if (m.times) row.p95 = quantile(m.times, 0.95)
    const baseline = m.baseline ?? budgets[m.id]?.baseline
    if (baseline) Object.assign(row, { baseline, ratio: row.value / value.get(baseline) })
    if (budgets[m.id]) Object.assign(row, verdict(row.value, budgets[m.id], value, m.allowance ?? 0))
    if (m.note) row.note = m.note
    return row
  })
}

/** `allowance` is added to a size budget: the secrets themselves, which the budget does not count. */
function verdict(value, budget, values, allowance) {
  const [limit, words] = limitOf(budget, values.get(budget.baseline), allowance)
  return { budget: words, limit, within: value <= limit }
}

function limitOf(budget, base, allowance) {
  if (budget.plusMs !== undefined) return [base + budget.plusMs, `${budget.baseline} + ${budget.plusMs} ms`]
  if (budget.ratio !== undefined) return [base * budget.ratio, `${budget.baseline} x ${budget.ratio}`]
  if (budget.ms !== undefined) return [budget.ms, `${budget.ms} ms`]
  if (budget.kib !== undefined)
    return [budget.kib + allowance, `${budget.kib} KiB + ${allowance} KiB of secrets`]
  return [budget.count, `${budget.count}`]
}

const show = (n, unit) =>
  n === undefined ? '' : unit === 'ms' ? n.toFixed(n < 10 ? 3 : 1) : String(Math.round(n))

/** The table as lines of text. */
export function table(all) {
  const head = ['what', 'median', 'p95', 'runs', 'beside', 'ratio', 'budget', '']
  const body = all.map((r) => [
    r.what,
    `${show(r.value, r.unit)}${r.unit ? ` ${r.unit}` : ''}`,
    show(r.p95, r.unit),
    String(r.runs),
    r.baseline ?? '',
    r.ratio === undefined ? '' : `${r.ratio.toFixed(2)}x`,
    r.budget ?? '',
    r.within === undefined ? '' : r.within ? 'within' : 'OVER BUDGET',
  ])
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((cells) => cells[i].length)))
  const line = (cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i]))).join('  ')
  return [line(head), widths.map((w) => '-'.repeat(w)).join('  '), ...body.map(line)]
}
