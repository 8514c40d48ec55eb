import { spawnSync } from 'node:child_process'
import { constants, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Patience } from '../../src/adapters/terminal/patience.ts'
import { Scratch } from '../support/scratch.ts'

/** Holds this process up, as a busy machine does. */
function holdUp(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('what came while the process was held up is read before it gives up', async () => {
  await using scratch = new Scratch()
  const path = join(scratch.home, 'keys')
  expect(spawnSync('mkfifo', [path]).status).toBe(0)
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const keys = new Socket({ fd, readable: true })
  const patience = new Patience()
  const { promise, resolve } = Promise.withResolvers<string>()
  keys.on('data', (bytes) => {
    patience.stop()
    resolve(`read ${bytes}`)
  })
  await new Promise((done) => setImmediate(done)) // the stream reads from now on
  patience.start(5, () => resolve('gave up'))
  writeSync(fd, '[A')
  holdUp(50)
  expect(await promise).toBe('read [A')
  keys.destroy()
})

test('without more it gives up, once', async () => {
  const patience = new Patience()
  let times = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  patience.start(1, () => times++)
  patience.start(2, () => {
    times++
    resolve()
  })
  await promise
  await new Promise((done) => setTimeout(done, 20))
  expect(times).toBe(1)
})

test('stopped in time it says nothing', async () => {
  const patience = new Patience()
  let gaveUp = false
  patience.start(1, () => {
    gaveUp = true
  })
  patience.stop()
  await new Promise((done) => setTimeout(done, 20))
  expect(gaveUp).toBe(false)
})
