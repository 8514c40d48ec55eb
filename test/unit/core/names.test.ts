import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../../src/core/duration.ts'
import { envNameProblem } from '../../../src/core/env-name.ts'
import { nearest } from '../../../src/core/nearest.ts'
import { isSecretName } from '../../../src/core/secret-name.ts'

describe('secret names', () => {
  it.each(['A', '_', 'KUBECONFIG_CONTENT', 'a1', 'A'.repeat(128)])('accepts %s', (name) => {
    expect(isSecretName(name)).toBe(true)
  })
  it.each(['', '1A', 'A-B', 'A B', 'A\n', 'A\0', 'Ä', '@identity', '../x', 'A'.repeat(129)])(
    'refuses %j',
    (name) => {
      expect(isSecretName(name)).toBe(false)
    },
  )
})

describe('environment names of a project', () => {
  it.each([
    'KUBECONFIG',
    'GITHUB_TOKEN',
    'TF_VAR_password',
    'TF_CLI_CONFIG_FILE',
    'AWS_SHARED_CREDENTIALS_FILE',
    'SOPS_AGE_KEY',
    'x',
  ])('allows %s', (name) => expect(envNameProblem(name)).toBeUndefined())
  it.each([
    ...['PATH', 'HOME', 'SHELL', 'IFS', 'ENV', 'BASH_ENV', 'BASH_FUNC_x', 'PROMPT_COMMAND', 'PS4'],
    ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES', 'GCONV_PATH', 'LOCPATH', 'GLIBC_TUNABLES'],
    ...[
      'NODE_OPTIONS',
      'PYTHONPATH',
      'PYTHONSTARTUP',
      'PYTHONHOME',
      'PERL5OPT',
      'PERL5LIB',
      'RUBYOPT',
      'RUBYLIB',
    ],
    ...[
      'GIT_SSH_COMMAND',
      'GIT_DIR',
      'SSH_ASKPASS',
      'SSH_ASKPASS_REQUIRE',
      'EDITOR',
      'VISUAL',
      'PAGER',
      'LESSOPEN',
    ],
    ...['TF_CLI_ARGS', 'TF_CLI_ARGS_plan', 'TF_REATTACH_PROVIDERS', 'TAZPOD_GHOST', 'XDG_RUNTIME_DIR'],
    ...['http_proxy', 'HTTPS_PROXY', 'all_proxy', 'SSL_CERT_FILE'],
  ])('refuses %s and says why', (name) => {
    expect(envNameProblem(name)).toMatch(/^may not be set by a project: it /)
  })
  it.each(['', 'a=b', '1A', 'A B', 'A\n', 'A\0B', 'BASH_FUNC_x%%', 'A'.repeat(256)])(
    'refuses the syntax of %j',
    (name) => {
      expect(envNameProblem(name)).toMatch(/not a name/)
    },
  )
})

describe('durations', () => {
  it.each([
    ['30m', 1_800],
    ['12h', 43_200],
    ['1h30m', 5_400],
    ['90s', 90],
    ['2d', 172_800],
  ])('%s is %i seconds, and back', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
    expect(parseDuration(formatDuration(seconds))).toBe(seconds)
  })
  it.each(['', '30', 'm', '1.5h', '-1h', '1w', '1h ', '99999999s'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('the nearest right word', () => {
  const keys = ['version', 'provider', 'secrets', 'binds', 'commands']
  it.each([
    ['secret', 'secrets'],
    ['comands', 'commands'],
    ['rpovider', 'provider'],
    ['SECRETS', 'secrets'],
  ])('%s → %s', (word, right) => expect(nearest(word, keys)).toBe(right))
  it.each(['x', 'nothing', 'a'.repeat(10_000)])('has none for %.10s', (word) =>
    expect(nearest(word, keys)).toBeUndefined(),
  )
})
