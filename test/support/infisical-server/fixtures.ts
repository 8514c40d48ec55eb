import type { TestProject } from './projects.ts'

/**
 * What a careful client has to get right, each in a folder of its own under `dev`. The values are what the server
 * holds; `expected` is what a client has to make of them.
 */

/** How a value mentions another secret. */
export const ref = (inside: string): string => `\${${inside}}`

/** Two imports and an own secret claim the same names. */
export function conflictingImports(project: TestProject): Record<string, string> {
  project
    .set('dev', '/first', 'OWN', 'of first')
    .set('dev', '/first', 'SHARED', 'of first')
    .set('dev', '/first', 'ONLY_FIRST', 'of first')
    .set('dev', '/deeper', 'SHARED', 'of deeper')
    .set('dev', '/deeper', 'ONLY_DEEPER', 'of deeper')
    .addImport('dev', '/first', { env: 'dev', path: '/deeper' })
    .set('staging', '/last', 'OWN', 'of last')
    .set('staging', '/last', 'SHARED', 'of last')
    .set('dev', '/imports', 'OWN', 'of the folder')
    .addImport('dev', '/imports', { env: 'dev', path: '/first' })
    .addImport('dev', '/imports', { env: 'staging', path: '/last' })
  return {
    OWN: 'of the folder',
    SHARED: 'of last',
    ONLY_FIRST: 'of first',
    ONLY_DEEPER: 'of deeper',
  }
}

/** Two folders that import each other. */
export function circularImports(project: TestProject): Record<string, string> {
  project
    .set('dev', '/round', 'ROUND', '1')
    .set('dev', '/about', 'ABOUT', '2')
    .addImport('dev', '/round', { env: 'dev', path: '/about' })
    .addImport('dev', '/about', { env: 'dev', path: '/round' })
  return { ROUND: '1', ABOUT: '2' }
}

/** References that the server can follow, in every generation, in a list. */
export function references(project: TestProject): Record<string, string> {
  const url = 'postgres://lab:pw@db'
  project
    .set('dev', '/references', 'HOST', 'db')
    .set('dev', '/references', 'USER_AT_HOST', `lab@${ref('HOST')}`)
    .set('dev', '/references', 'URL', `postgres://lab:${ref('staging.PASSWORD')}@${ref('HOST')}`)
    .set('dev', '/references', 'DEEP', ref('staging.apps.web.TOKEN'))
    .set('dev', '/references', 'MONEY', '$5 and $$ and $& stay')
    .set('staging', '/', 'PASSWORD', 'pw')
    .set('staging', '/apps/web', 'TOKEN', 'of web')
  return { HOST: 'db', USER_AT_HOST: 'lab@db', URL: url, DEEP: 'of web', MONEY: '$5 and $$ and $& stay' }
}

/** References that lead nowhere, or back to where they came from: the server answers 200 all the same. */
export function brokenReferences(project: TestProject): void {
  project
    .set('dev', '/broken', 'MISSING', `a ${ref('NOWHERE')} b`)
    .set('dev', '/broken', 'MISSING_ENVIRONMENT', ref('nowhere.KEY'))
    .set('dev', '/broken', 'A', `${ref('B')}a`)
    .set('dev', '/broken', 'B', `${ref('A')}b`)
}

/** The same name in a folder and below it: only `secretPath` tells them apart. */
export function duplicates(project: TestProject): void {
  project
    .set('dev', '/tree', 'TOKEN', 'top')
    .set('dev', '/tree/one', 'TOKEN', 'one')
    .set('dev', '/tree/one/two', 'TOKEN', 'two')
    .set('dev', '/tree/other', 'TOKEN', 'other')
}

/** Values that have to arrive byte for byte. */
export function exactValues(project: TestProject): Record<string, string> {
  const values: Record<string, string> = {
    EMPTY: '',
    NEWLINE: '\n',
    ONE_LINE: 'line\n',
    CRLF: 'one\r\ntwo\r\n',
    NUL: 'a\u0000b',
    UNICODE: 'Füße 🗝 漢字 \u202e \ufeff',
    QUOTES: `'"\\$\`!`,
    PEM: '-----BEGIN TEST KEY-----\nAAECAwQFBgc=\n-----END TEST KEY-----\n',
    JSON: '{"a": [1, "\\n"]}',
    LARGE: 'x'.repeat(900 * 1024),
  }
  for (const [name, value] of Object.entries(values)) project.set('dev', '/exact', name, value)
  return values
}

/** Names that a server accepts and an environment must not: none of them may ever be exported. */
export function nastyNames(project: TestProject): string[] {
  const names = [
    'A B',
    'lower case',
    'with-dash',
    '1FIRST',
    'A=B',
    '$(id)',
    '`id`',
    '..',
    '-rf',
    'a;b',
    'NEW\nLINE',
    'ÜMLAUT',
    'LD_PRELOAD',
    'PATH',
    'NODE_OPTIONS',
    'BASH_ENV',
    'GIT_SSH_COMMAND',
    'TF_CLI_ARGS',
  ]
  for (const name of names) project.set('dev', '/nasty', name, 'value')
  return names
}

/** One secret whose value is hidden, and a folder whose values all are. */
export function hiddenValues(project: TestProject): void {
  project.set('dev', '/partly', 'OPEN', 'seen').set('dev', '/partly', 'CLOSED', 'not seen')
  project.hide('dev', '/partly', 'CLOSED')
  project.set('dev', '/shut', 'CLOSED', 'not seen').set('dev', '/shut/below', 'OPEN', 'seen')
  project.hide('dev', '/shut')
  project.set('dev', '/above', 'OPEN', 'seen').set('dev', '/above/shut', 'CLOSED', 'not seen')
  project.hide('dev', '/above/shut')
}

/** A folder in which every write waits for an approval. */
export function approvals(project: TestProject): void {
  project.set('dev', '/approved', 'TOKEN', 'old')
  project.approvalPolicy('dev', '/approved')
}
