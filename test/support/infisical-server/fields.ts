import { type Issue, Problem } from './problems.ts'

/** Checks what a request says, and collects what is wrong with it in the words of the service's schema library. */
export class Fields {
  readonly #source: Record<string, unknown>
  readonly #issues: Issue[] = []

  constructor(source: unknown) {
    if (typeof source !== 'object' || source === null || Array.isArray(source)) {
      throw new Problem('validation', { issues: [wrongType('object', source, [])] })
    }
    this.#source = source as Record<string, unknown>
  }

  text(name: string): string {
    return this.optional(name) ?? this.#report(wrongType('string', undefined, [name]), '')
  }

  optional(name: string): string | undefined {
    const value = this.#source[name]
    if (value === undefined || typeof value === 'string') return value
    return this.#report(wrongType('string', value, [name]), undefined)
  }

  /** In a query: only the two words are taken. */
  flag(name: string, fallback: boolean): boolean {
    const received = this.#source[name]
    if (received === undefined) return fallback
    if (received === 'true' || received === 'false') return received === 'true'
    const message = `Invalid enum value. Expected 'true' | 'false', received '${received}'`
    const issue = {
      received,
      code: 'invalid_enum_value',
      options: ['true', 'false'],
      path: [name],
      message,
    }
    return this.#report(issue, fallback)
  }

  /** In a query; anything that is no number is reported. */
  number(name: string): number | undefined {
    const value = this.optional(name)
    if (value === undefined) return undefined
    const number = Number(value)
    if (!Number.isNaN(number)) return number
    return this.#report({ ...wrongType('number', value, [name]), received: 'nan' }, undefined)
  }

  list(name: string): unknown[] {
    const value = this.#source[name]
    return Array.isArray(value) ? value : this.#report(wrongType('array', value, [name]), [])
  }

  /** An array of `{key, value}`, or nothing. */
  metadata(name: string): Record<string, string> | undefined {
    if (this.#source[name] === undefined) return undefined
    const entries = this.list(name).map((entry) => {
      const fields = new Fields(entry)
      const pair = [fields.text('key'), fields.optional('value') ?? '']
      fields.check()
      return pair
    })
    return Object.fromEntries(entries) as Record<string, string>
  }

  refuse(name: string, message: string): void {
    this.#issues.push({ code: 'custom', message, path: [name] })
  }

  /** Call it when everything was asked for: it refuses with all that is wrong at once. */
  check(): void {
    if (this.#issues.length > 0) throw new Problem('validation', { issues: this.#issues })
  }

  #report<T>(issue: Issue, instead: T): T {
    const seen = this.#issues.some((one) => one.path.join() === issue.path.join())
    if (!seen) this.#issues.push(issue)
    return instead
  }
}

function wrongType(expected: string, value: unknown, path: string[]): Issue {
  const received = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  const message = value === undefined ? 'Required' : `Expected ${expected}, received ${received}`
  return { code: 'invalid_type', expected, received, path, message }
}
