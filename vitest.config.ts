import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/support/shared-folder.ts'],
    include: ['test/**/*.test.{ts,tsx}'],
    disableConsoleIntercept: true, // @oclif/test captures '' otherwise
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // A wait for a screen can run out on a machine that is busy with something else (one test of some 2,800 in each of two CI runs on 2
    // cores). Only that failure is tried once more, and the report says "(retry x1)"; no other one is.
    retry: { count: 1, condition: /^\d+ ms without / },
  },
})
