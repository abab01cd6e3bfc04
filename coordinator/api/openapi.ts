/** The API as OpenAPI 3.1 says it: from the tables of routes and their schemas, so that it cannot say anything else. */
import { invariant, VERSION } from '@lvsm/base'
import {
  type ApiRoute,
  CONFIG_ROUTES,
  configRefusedReport,
  isChange,
  PEOPLE_ROUTES,
  unknownReport,
} from '@lvsm/protocol'
import * as z from 'zod'

type Json = Readonly<Record<string, unknown>>

const JSON_REF = '#/components/schemas/Json'

/** Whatever may be in JSON: the only shape that has itself inside. */
const ANY_JSON: Json = {
  description: 'whatever may be in JSON, as the configuration file has it',
  anyOf: [
    { type: ['string', 'number', 'boolean', 'null'] },
    { type: 'array', items: { $ref: JSON_REF } },
    { type: 'object', additionalProperties: { $ref: JSON_REF } },
  ],
}

/** `answer`: whoever reads one skips what he does not know. */
function schemaOf(schema: z.ZodType, side: 'request' | 'answer'): Json {
  const made = z.toJSONSchema(schema, {
    io: side === 'request' ? 'input' : 'output',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // Of TypeScript, and not what OpenAPI calls so.
      delete jsonSchema.readOnly
      if (side === 'answer' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    },
  })
  const { $schema: _dialect, $defs = {}, ...rest } = made
  invariant(Object.keys($defs).length <= 1, 'what has itself inside is plain data, and nothing else')
  return withJson(rest, `#/$defs/${Object.keys($defs)[0] ?? ''}`)
}

/** With its references in place of those from `from`, wherever they stand. */
const withJson = (value: object, from: string): Json =>
  Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, key === '$ref' && part === from ? JSON_REF : inside(part, from)]),
  )
function inside(part: unknown, from: string): unknown {
  if (Array.isArray(part)) return part.map((one: unknown) => inside(one, from))
  return typeof part === 'object' && part !== null ? withJson(part, from) : part
}

const json = (schema: Json): Json => ({ 'application/json': { schema } })
const REFUSED = { $ref: '#/components/schemas/Refused' } as const

/** Words behind the path. */
function parametersOf(query: z.ZodType): readonly Json[] {
  const { properties = {}, required = [] } = schemaOf(query, 'request')
  const needed: readonly unknown[] = Array.isArray(required) ? required : []
  return Object.entries(properties as Json).map(([name, schema]) => ({
    name,
    in: 'query',
    required: needed.includes(name),
    schema,
  }))
}

function operationOf(name: string, route: ApiRoute): Json {
  const { query, body, response, role } = route
  return {
    operationId: name,
    ...(role === null ? { security: [] } : { description: `For users of role ${role}, and those who may more.` }),
    parameters: parametersOf(query),
    ...(body === null ? {} : { requestBody: { required: true, content: json(schemaOf(body, 'request')) } }),
    responses: {
      '200': { description: 'done', content: json(schemaOf(response, 'answer')) },
      ...(isChange(route)
        ? {
            '202': {
              description: 'whether it was done is not known',
              content: json(schemaOf(unknownReport, 'answer')),
            },
          }
        : {}),
      default: { description: 'nothing was done', content: json(REFUSED) },
    },
  }
}

const ROUTES: Readonly<Record<string, ApiRoute>> = { ...CONFIG_ROUTES, ...PEOPLE_ROUTES }

export function openApi(): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [name, route] of Object.entries(ROUTES))
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(name, route) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'lvsm',
      version: VERSION,
      summary: 'The configuration and the users of a cluster of Linux Virtual Server',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: { Json: ANY_JSON, Refused: schemaOf(configRefusedReport, 'answer') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'lvsm api-token create' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-lvsm', description: 'POST /v1/login' },
      },
    },
  }
}
