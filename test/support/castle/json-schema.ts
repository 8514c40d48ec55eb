/** What the schemas of Talos use of JSON Schema. */
interface Schema {
  $ref?: string
  type?: string
  enum?: unknown[]
  pattern?: string
  minimum?: number
  maximum?: number
  required?: string[]
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  items?: Schema
  oneOf?: Schema[]
}

const KNOWN = new Set(
  [
    '$ref',
    'type',
    'enum',
    'pattern',
    'minimum',
    'maximum',
    'required',
    'properties',
    'patternProperties',
  ].concat(['additionalProperties', 'items', 'oneOf', 'format']),
)

/** What is wrong with a value, as `path: sentence`. A word of the schema that is not known here fails, too. */
export function schemaProblems(
  value: unknown,
  schema: Schema,
  defs: Record<string, Schema>,
  at = '',
): string[] {
  const unknown = Object.keys(schema).find((word) => !KNOWN.has(word))
  if (unknown !== undefined) throw new Error(`the schema says ${unknown}`)
  const next = (inner: unknown, by: Schema, step: string) => schemaProblems(inner, by, defs, `${at}.${step}`)
  if (schema.$ref !== undefined) {
    const target = defs[schema.$ref.slice('#/$defs/'.length)]
    return target === undefined
      ? [`${at}: ${schema.$ref} is missing`]
      : schemaProblems(value, target, defs, at)
  }
  if (schema.oneOf !== undefined) {
    const all = schema.oneOf.map((one) => schemaProblems(value, one, defs, at))
    return all.some((problems) => problems.length === 0) ? [] : all.flat()
  }
  const problems: string[] = []
  if (schema.type !== undefined && typeOf(value, schema.type) !== schema.type)
    return [`${at}: is no ${schema.type}`]
  if (schema.enum !== undefined && !schema.enum.includes(value))
    problems.push(`${at}: not one of ${schema.enum}`)
  if (typeof value === 'string' && schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    problems.push(`${at}: does not match ${schema.pattern}`)
  if (typeof value === 'number' && (value < (schema.minimum ?? -1e300) || value > (schema.maximum ?? 1e300)))
    problems.push(`${at}: out of range`)
  if (Array.isArray(value) && schema.items !== undefined)
    for (const [index, item] of value.entries()) problems.push(...next(item, schema.items, String(index)))
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return problems
  for (const name of schema.required ?? []) if (!(name in value)) problems.push(`${at}: lacks ${name}`)
  for (const [name, inner] of Object.entries(value)) {
    const own = schema.properties?.[name]
    const pattern = Object.entries(schema.patternProperties ?? {}).find(([text]) =>
      new RegExp(text).test(name),
    )?.[1]
    const rest = schema.additionalProperties
    if (own !== undefined) problems.push(...next(inner, own, name))
    else if (pattern !== undefined) problems.push(...next(inner, pattern, name))
    else if (rest === false) problems.push(`${at}: ${name} is not known`)
    else if (typeof rest === 'object') problems.push(...next(inner, rest, name))
  }
  return problems
}

function typeOf(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return 'array'
  if (value === null) return wanted === 'object' ? 'object' : 'null' // `defaults: {}` and `defaults:` are one to Go
  if (typeof value === 'number') return wanted === 'integer' && Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}
