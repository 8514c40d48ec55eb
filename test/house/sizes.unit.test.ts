/** How much a person has to read at once: no file over 400 lines, no folder over 30 files. */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../support/installed.ts'

const listed = spawnSync('git', ['-c', 'safe.directory=*', 'ls-files', '-co', '--exclude-standard', '-z'], {
  cwd: CHECKOUT,
  encoding: 'utf8',
})
const FILES = listed.stdout
  .split('\0')
  .filter(
    (file) =>
      /^(bin|src|commands|native|test|bench|scripts)\//.test(file) && existsSync(join(CHECKOUT, file)),
  )

test('no source file has more than 400 lines', () => {
  expect(FILES.length).toBeGreaterThan(500)
  const long = FILES.filter((file) => /\.(ts|tsx|mjs|c|h)$/.test(file)).flatMap((file) => {
    const lines = readFileSync(join(CHECKOUT, file), 'utf8').split('\n').length - 1
    return lines > 400 ? [`${file}: ${lines}`] : []
  })
  expect(long).toEqual([])
})

test('no folder has more than 30 files of its own', () => {
  const full = [...Map.groupBy(FILES, dirname)].flatMap(([folder, files]) =>
    files.length > 30 ? [`${folder}: ${files.length}`] : [],
  )
  expect(full).toEqual([])
})
