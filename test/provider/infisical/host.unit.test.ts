import { expect, test } from 'vitest'
import { failureText } from '../../../src/core/failure/words.ts'
import { normaliseHost } from '../../../src/core/provider/infisical/host.ts'

test.each([
  ['https://eu.infisical.com', 'https://eu.infisical.com'],
  ['eu.infisical.com', 'https://eu.infisical.com'],
  ['  https://eu.infisical.com/  ', 'https://eu.infisical.com'],
  ['https://eu.infisical.com/api', 'https://eu.infisical.com'],
  ['https://eu.infisical.com///api//', 'https://eu.infisical.com'],
  ['HTTPS://EU.Infisical.com:443', 'https://eu.infisical.com'],
  ['infisical.lab:8443', 'https://infisical.lab:8443'],
  ['http://127.0.0.1:8080/api', 'http://127.0.0.1:8080'],
  ['http://localhost:8080', 'http://localhost:8080'],
  ['http://[::1]:8080', 'http://[::1]:8080'],
])('%s is %s', (text, origin) => {
  expect(normaliseHost(text)).toEqual({ ok: true, value: origin })
})

test.each([
  ['', 'empty'],
  ['http://eu.infisical.com', 'must be https'],
  ['http://127.0.0.1.evil.example', 'must be https'],
  ['ftp://eu.infisical.com', 'must start with https'],
  ['https://user:pass@eu.infisical.com', 'user or a password'],
  ['https://eu.infisical.com/api/v3', 'no path but /api'],
  ['https://eu.infisical.com?x=1', '"?"'],
  ['https://', 'no address'],
  ['a b', 'no address'],
])('%j is refused: %s', (text, why) => {
  const refused = normaliseHost(text)
  if (refused.ok) throw new Error(`taken as ${refused.value}`)
  expect(failureText(refused.error)).toMatchObject({ exitCode: 64, message: expect.stringContaining(why) })
  expect(failureText(refused.error).message).not.toContain('pass@')
})
