import { byPlace, type Finding, finding } from './finding.ts'
import { literalFindings } from './literals.ts'
import type { LintModule } from './module.ts'
import { secretFindings } from './secrets.ts'
import { talosFindings } from './talos.ts'
import { templateFindings } from './templates.ts'
import { trapFindings } from './traps.ts'
import { variableFindings } from './variables.ts'

/** Everything that is wrong in these modules on a day (ISO 8601), by file and place. */
export function checkModules(modules: readonly LintModule[], today: string): Finding[] {
  return modules.flatMap((module) => checkModule(module, modules, today)).sort(byPlace)
}

function checkModule(module: LintModule, modules: readonly LintModule[], today: string): Finding[] {
  const files = [...module.code, ...module.values]
  const broken = files.flatMap((file) =>
    file.hcl.problems.map((at) =>
      finding('hcl-syntax', 'error', file.path, at, at.message, 'terraform fmt shows it in its context'),
    ),
  )
  const rest = [
    ...literalFindings(module),
    ...secretFindings(module),
    ...trapFindings(module),
    ...templateFindings(module),
    ...talosFindings(module, today),
  ]
  // What a broken file declares is unknown: nothing is said about variables then.
  return broken.length > 0 ? [...broken, ...rest] : [...rest, ...variableFindings(module, modules)]
}
