import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from './installed.ts'
import { sharedFolder } from './shared-folder.ts'
import { need, sayWhy } from './tools.ts'

/** The native program built with AddressSanitizer and UndefinedBehaviorSanitizer (and so without its seccomp filter). */
export class Sanitized {
  readonly #folder = join(sharedFolder(), 'sanitized')

  /** Nothing, with a printed reason, where no compiler with sanitizers is found. */
  static build(): Sanitized | undefined {
    if (!need('make', 'the sanitized program') || !need('cc', 'the sanitized program')) return undefined
    const built = new Sanitized()
    if (existsSync(built.binary)) return built
    // Each in a folder of its own, which its reports go to; the name that all use is there once one of them is whole.
    const own = `${built.#folder}-${process.pid}`
    const make = spawnSync('make', ['-s', '-C', join(CHECKOUT, 'native'), `OUT=${own}`, 'sanitized'], {
      encoding: 'utf8',
    })
    if (make.status !== 0) {
      if (process.env.CI === 'true') throw new Error(`the sanitized program does not build: ${make.stderr}`)
      sayWhy(`the sanitized program does not build: ${make.stderr.split('\n')[0]}`)
      return undefined
    }
    chmodSync(own, 0o755)
    chmodSync(join(own, 'test'), 0o1777) // reports of every user
    try {
      symlinkSync(own, built.#folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // else another test file was first
    }
    return built
  }

  get binary(): string {
    return join(this.#folder, 'test/tazpod')
  }

  /** What the sanitizers have reported so far, one text for each process. */
  reports(): string[] {
    const folder = join(this.#folder, 'test')
    return readdirSync(folder)
      .filter((name) => name.startsWith('report'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
  }
}
