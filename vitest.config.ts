import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/support/shared-folder.ts'],
    include: ['test/**/*.test.{ts,tsx}'],
    disableConsoleIntercept: true, // @oclif/test captures '' otherwise
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
