import type { IncomingMessage } from 'node:http'
import { Problem } from './problems.ts'

const LIMIT = 1_048_576

/** The whole body, or a refusal when it is larger than the service takes. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    // What follows is read and forgotten: an answer during the upload would reach the client as a broken connection.
    if (size <= LIMIT) chunks.push(chunk)
  }
  if (size > LIMIT) throw new Problem('bodyTooLarge')
  return Buffer.concat(chunks)
}

/** JSON and forms are understood; no body at all is nothing. */
export function parseBody(text: string, contentType: string | undefined): unknown {
  if (text === '') return undefined
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(text))
  if (type !== 'application/json') throw new Problem('mediaType', { name: type || 'undefined' })
  try {
    return JSON.parse(text)
  } catch (error) {
    // Newer engines add the line and the column.
    const message = error instanceof Error ? error.message.replace(/ \(line \d+ column \d+\)$/, '') : ''
    throw new Problem('malformedJson', { message })
  }
}

/** A repeated name becomes an array, which the service's schemas then refuse. */
export function parseQuery(query: URLSearchParams): Record<string, unknown> {
  return Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const values = query.getAll(name)
      return [name, values.length === 1 ? values[0] : values]
    }),
  )
}

/** The path as it was sent. The URL class would resolve a secret called `..`, which the service's router does not. */
export function splitUrl(url: string): { path: string; search: URLSearchParams } {
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  return { path, search: new URLSearchParams(at < 0 ? '' : url.slice(at)) }
}
