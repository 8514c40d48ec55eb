import { describe, expect, test } from 'vitest'
import { InfisicalServer, type Mode } from '../support/infisical-server/index.ts'
import { ask, login } from './client.ts'
import {
  type Case,
  folderMissing,
  get,
  type Lab,
  LOGIN,
  lab,
  REQUEST_ID,
  send,
  UUID,
  write,
} from './problems-lab.ts'

const CASES: Case[] = [
  {
    name: 'login: wrong credentials',
    ask: ({ server }) => login(server, { clientId: '', clientSecret: '' }),
    old: '{"statusCode":403,"message":"Invalid credentials","error":"UnauthorizedError"}',
    now: { statusCode: 401, message: 'Invalid credentials', error: 'UnauthorizedError' },
  },
  {
    name: 'a field is missing',
    ask: ({ server }) => ask(server, LOGIN, { json: { clientSecret: 'x' } }),
    old: '{"statusCode":403,"error":"ValidationFailure","message":[{"code":"invalid_type","expected":"string","received":"undefined","path":["clientId"],"message":"Required"}]}',
    now: {
      statusCode: 422,
      error: 'ValidationFailure',
      message: [
        {
          code: 'invalid_type',
          expected: 'string',
          received: 'undefined',
          path: ['clientId'],
          message: 'Required',
        },
      ],
    },
    go: {
      statusCode: 400,
      message: 'Validation failed',
      error: 'ValidationError',
      details: [{ field: 'clientId', message: 'Required' }],
    },
  },
  {
    name: 'a field of another type',
    ask: ({ server }) => ask(server, LOGIN, { json: { clientId: 7, clientSecret: null } }),
    old: '{"statusCode":403,"error":"ValidationFailure","message":[{"code":"invalid_type","expected":"string","received":"number","path":["clientId"],"message":"Expected string, received number"},{"code":"invalid_type","expected":"string","received":"null","path":["clientSecret"],"message":"Expected string, received null"}]}',
  },
  {
    name: 'no body at all',
    ask: ({ server }) => ask(server, LOGIN, { method: 'POST' }),
    old: '{"statusCode":403,"error":"ValidationFailure","message":[{"code":"invalid_type","expected":"object","received":"undefined","path":[],"message":"Required"}]}',
  },
  {
    name: 'a boolean that is none',
    ask: get(({ secrets }) => secrets({ recursive: 'yes' })),
    old: `{"statusCode":403,"error":"ValidationFailure","message":[{"received":"yes","code":"invalid_enum_value","options":["true","false"],"path":["recursive"],"message":"Invalid enum value. Expected 'true' | 'false', received 'yes'"}]}`,
    now: {
      statusCode: 422,
      error: 'ValidationFailure',
      message: [
        {
          received: 'yes',
          code: 'invalid_enum_value',
          options: ['true', 'false'],
          path: ['recursive'],
          message: "Invalid enum value. Expected 'true' | 'false', received 'yes'",
        },
      ],
    },
    go: {
      statusCode: 400,
      message: 'Validation failed',
      error: 'ValidationError',
      details: [
        { field: 'recursive', message: "Invalid enum value. Expected 'true' | 'false', received 'yes'" },
      ],
    },
  },
  {
    name: 'a body that is no JSON',
    ask: ({ server }) => ask(server, LOGIN, { raw: '{bad', headers: { 'content-type': 'application/json' } }),
    old: `{"statusCode":400,"error":"Bad Request","message":"Expected property name or '}' in JSON at position 1"}`,
    now: {
      statusCode: 400,
      error: 'Bad Request',
      message: "Expected property name or '}' in JSON at position 1",
    },
  },
  {
    name: 'a body of another kind',
    ask: ({ server }) => ask(server, LOGIN, { raw: 'x', headers: { 'content-type': 'text/plain' } }),
    old: '{"statusCode":415,"code":"FST_ERR_CTP_INVALID_MEDIA_TYPE","error":"Unsupported Media Type","message":"Unsupported Media Type: text/plain"}',
  },
  {
    name: 'no token',
    ask: ({ server, secrets }) => ask(server, secrets()),
    old: '{"statusCode":403,"message":"Token missing","error":"Unauthorized access"}',
    now: { statusCode: 401, message: 'Token missing', error: 'UnauthorizedError' },
  },
  {
    name: 'an expired JWT',
    ask: (here) => {
      here.server.advance(2_592_001)
      return get(({ secrets }) => secrets())(here)
    },
    old: '{"statusCode":500,"error":"Internal Server Error","message":"jwt expired"}',
    now: {
      statusCode: 403,
      error: 'TokenError',
      message: 'Your token has expired. Please re-authenticate.',
    },
  },
  {
    name: 'no right to read',
    ask: (here) => {
      here.project.grant(here.identity, { read: false })
      return get(({ secrets }) => secrets({ secretPath: '/terraform' }))(here)
    },
    old: '{"statusCode":401,"error":"PermissionDenied","message":"You are not allowed to read on secrets"}',
    now: {
      statusCode: 403,
      error: 'PermissionDenied',
      message: 'You are not allowed to describeSecret on secrets',
      details: [
        {
          action: ['describeSecret'],
          inverted: true,
          subject: ['secrets'],
          conditions: { environment: { $eq: 'dev' }, secretPath: { $eq: '/terraform' } },
        },
      ],
    },
  },
  ...(['create', 'edit', 'delete'] as const).map((action) => ({
    name: `no right to ${action}`,
    ask: (here: Lab) => {
      here.project.grant(here.identity, { write: false })
      const method = { create: 'POST', edit: 'PATCH', delete: 'DELETE' }[action]
      return send(method, 'TOKEN', write)(here)
    },
    old: `{"statusCode":401,"error":"PermissionDenied","message":"You are not allowed to ${action} on secrets"}`,
    now: {
      statusCode: 403,
      error: 'PermissionDenied',
      message: `You are not allowed to ${action} on secrets`,
      details: [expect.objectContaining({ action: [action], inverted: true })],
    },
  })),
  {
    name: 'an identity that is not in the project',
    ask: (here) => {
      here.project.revokeAccess(here.identity)
      return get(({ secrets }) => secrets())(here)
    },
    old: '{"statusCode":403,"message":"You are not allowed to access this resource","error":"Identity not in project"}',
    now: { statusCode: 403, message: 'You are not a member of this project', error: 'ForbiddenError' },
  },
  ...[UUID, 'lab'].map((id) => ({
    name: `an unknown project id: ${id}`,
    ask: get(({ secrets }) => secrets({ workspaceId: id, projectId: id })),
    old: '{"statusCode":400,"message":"Project not found during bot lookup.","error":"BadRequest"}',
    now: { statusCode: 404, message: `Project with ID '${id}' not found`, error: 'NotFound' },
  })),
  {
    name: 'an unknown project slug',
    ask: get(() => '/api/v2/workspace/nowhere'),
    old: '{"statusCode":500,"message":"Something went wrong","error":"Failed to find project by slug"}',
    now: { statusCode: 404, message: "Project with slug 'nowhere' not found", error: 'NotFound' },
  },
  {
    name: 'an unknown environment, in a list',
    ask: get(({ secrets }) => secrets({ environment: 'nowhere' })),
    old: '{"secrets":[],"imports":[]}',
    now: folderMissing('/', 'nowhere'),
    go: { statusCode: 404, message: 'Environment not found', error: 'NotFound' },
  },
  {
    name: 'an unknown path, in a list',
    ask: get(({ secrets }) => secrets({ secretPath: '/nowhere' })),
    old: '{"secrets":[],"imports":[]}',
    now: folderMissing('/nowhere'),
  },
  {
    name: 'an unknown path, for one secret',
    ask: get(({ secrets }) => secrets({ secretPath: '/nowhere' }, 'TOKEN')),
    old: '{"statusCode":400,"message":"Folder not found for the given environment slug & secret path","error":"Create secret"}',
    now: folderMissing('/nowhere'),
  },
  {
    name: 'an unknown path, to create in',
    ask: send('POST', 'NEW', (here) => write(here, { secretPath: '/nowhere' })),
    old: '{"statusCode":400,"message":"Folder not found for the given environment slug & secret path","error":"Create secret"}',
    now: folderMissing('/nowhere'),
  },
  {
    name: 'an unknown secret',
    ask: get(({ secrets }) => secrets({ secretPath: '/terraform' }, 'NOPE')),
    old: '{"statusCode":400,"message":"Secret not found","error":"BadRequest"}',
    now: { statusCode: 404, message: "Secret with name 'NOPE' not found", error: 'NotFound' },
  },
  ...['PATCH', 'DELETE'].map((method) => ({
    name: `an unknown secret: ${method}`,
    ask: send(method, 'NOPE', write),
    old: '{"statusCode":400,"message":"Secret not found: blind index NOPE","error":"BadRequest"}',
    now: { statusCode: 404, message: "Secret with name 'NOPE' not found", error: 'NotFound' },
  })),
  {
    name: 'a secret that is there already',
    ask: send('POST', 'TOKEN', write),
    old: '{"statusCode":400,"message":"Secret already exist","error":"BadRequest"}',
    now: { statusCode: 400, message: 'Secret already exist', error: 'BadRequest' },
  },
  {
    name: 'folders of an unknown environment',
    ask: get(({ project }) => `/api/v1/folders?workspaceId=${project.id}&environment=nowhere`),
    old: '{"statusCode":400,"message":"Environment not found","error":"get folders"}',
    now: { statusCode: 404, message: expect.stringContaining("'nowhere'"), error: 'NotFound' },
    go: { statusCode: 404, message: 'Environment not found', error: 'NotFound' },
  },
  ...['', 'TOKEN'].map((name) => ({
    name: `a path with dots, ${name ? 'for one secret' : 'in a list'}`,
    ask: get(({ secrets }) => secrets({ secretPath: '/terraform/../x' }, name)),
    old: '{"statusCode":500,"message":"Something went wrong","error":"Find by secret path"}',
  })),
  {
    name: 'a body over 1 MiB',
    ask: send('POST', 'NEW', (here) => write(here, { secretValue: 'x'.repeat(1_048_576) })),
    old: '{"statusCode":413,"code":"FST_ERR_CTP_BODY_TOO_LARGE","error":"Payload Too Large","message":"Request body is too large"}',
    now: {
      statusCode: 413,
      code: 'FST_ERR_CTP_BODY_TOO_LARGE',
      error: 'Payload Too Large',
      message: 'Request body is too large',
    },
  },
  {
    name: 'all projects, which is not for machines',
    ask: get(() => '/api/v1/workspace'),
    old: '{"statusCode":403,"message":"You are not allowed to access this resource","error":"/api/v1/workspace Unauthorized Access"}',
    now: {
      statusCode: 403,
      message: 'You are not allowed to access this resource',
      error: 'Forbidden access to /api/v1/workspace',
    },
  },
  {
    name: 'the database is down, with a token',
    ask: (here) => {
      here.server.databaseDown(true)
      return get(({ secrets }) => secrets())(here)
    },
    old: '{"statusCode":500,"message":"Something went wrong","error":"IdAccessTokenFindOne"}',
    now: { statusCode: 500, message: 'Something went wrong', error: 'DatabaseError' },
  },
  {
    name: 'the database is down, at a login',
    ask: ({ server, identity }) => {
      server.databaseDown(true)
      return login(server, identity)
    },
    old: '{"statusCode":500,"message":"Something went wrong","error":"Find one"}',
    now: { statusCode: 500, message: 'Something went wrong', error: 'DatabaseError' },
  },
  {
    name: 'maintenance',
    ask: ({ server, identity }) => {
      server.maintenance(true)
      return login(server, identity)
    },
    now: { statusCode: 500, message: 'Something went wrong', error: 'InternalServerError' },
  },
]

describe.each<Mode>(['2024', 'current', 'go'])('%s', (mode) => {
  const known = CASES.filter((one) => (mode === '2024' ? one.old : one.now) !== undefined)
  test.each(known)('$name', async (one) => {
    const here = await lab(mode)
    await using _ = here.server
    const answer = await one.ask(here)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    if (mode === '2024') {
      expect(answer.text).toBe(one.old)
      expect(answer.status).toBe((answer.body as { statusCode?: number }).statusCode ?? 200)
      return
    }
    const expected = mode === 'go' ? (one.go ?? one.now) : one.now
    expect(answer.body).toEqual({ reqId: REQUEST_ID, ...expected })
    expect(answer.status).toBe(expected?.statusCode)
  })

  test.each([
    ['GET', '/api/v9/nothing?a=b'],
    ['GET', '/api/api/v1/auth/universal-auth/login'],
    ['PUT', '/api/v1/auth/universal-auth/login'],
  ])('an unknown route: %s %s', async (method, path) => {
    await using server = await InfisicalServer.start({ mode })
    expect((await ask(server, path, { method })).text).toBe(
      `{"message":"Route ${method}:${path} not found","error":"Not Found","statusCode":404}`,
    )
  })

  test('the database comes back by itself, and maintenance lets reading be', async () => {
    const here = await lab(mode)
    await using server = here.server
    server.databaseDown(true)
    server.databaseDown(false)
    server.maintenance(true)
    const path = here.secrets({ secretPath: '/terraform' })
    expect((await ask(server, path, { token: here.token })).status).toBe(200)
  })
})
