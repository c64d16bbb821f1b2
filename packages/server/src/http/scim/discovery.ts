/**
 * The resources that an identity provider reads before it provisions: ServiceProviderConfig, ResourceTypes, Schemas
 * (RFC 7644 §4).
 */
import { z } from 'zod'
import { refused } from '../../operations/refused-error.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody, nothing } from '../shapes.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0'

interface Attribute {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'complex'
  readonly multiValued: boolean
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: 'readWrite' | 'readOnly' | 'immutable'
  readonly returned: 'default' | 'always'
  readonly uniqueness: 'none' | 'server'
}

const attribute = (name: string, differences: Partial<Attribute> = {}): Attribute => ({
  name,
  type: 'string',
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...differences,
})
const list = (name: string, mutability: Attribute['mutability'] = 'readWrite') =>
  attribute(name, { type: 'complex', multiValued: true, mutability })

const common = [
  attribute('displayName'),
  attribute('externalId', { caseExact: true }),
  list('groups', 'readOnly'),
  list('roles'),
  list('entitlements'),
  attribute('nameProblem', { caseExact: true, mutability: 'readOnly' }),
]

const SCHEMAS = [
  {
    name: 'User',
    description: 'A person; its user name is the name of its PostgreSQL role.',
    attributes: [
      attribute('userName', { required: true, uniqueness: 'server' }),
      attribute('name', { type: 'complex' }),
      attribute('active', { type: 'boolean' }),
      list('emails', 'readOnly'),
      ...common,
    ],
  },
  {
    name: 'ServicePrincipal',
    description: 'A program; its application id is its OAuth client id and the name of its PostgreSQL role.',
    attributes: [
      attribute('applicationId', { mutability: 'immutable', uniqueness: 'server' }),
      attribute('active', { type: 'boolean' }),
      ...common,
    ],
  },
  {
    name: 'Group',
    description: 'A group; whoever is in it, directly or through groups, may log in as the role of its name.',
    attributes: [
      ...common.filter(({ name }) => name !== 'displayName'),
      attribute('displayName', { required: true, caseExact: true, uniqueness: 'server' }),
      list('members'),
    ],
  },
] as const

export function scimDiscoveryRoutes(base: string): readonly Route[] {
  const schemas = SCHEMAS.map(({ name, description, attributes }) => ({
    schemas: [`${CORE}:Schema`],
    id: `${CORE}:${name}`,
    name,
    description,
    attributes,
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${CORE}:${name}` },
  }))
  const types = SCHEMAS.map(({ name, description }) => ({
    schemas: [`${CORE}:ResourceType`],
    id: name,
    name,
    description,
    endpoint: `/${name}s`,
    schema: `${CORE}:${name}`,
    schemaExtensions: [],
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  }))
  const configuration = {
    schemas: [`${CORE}:ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: 10_000 },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'OAuth bearer token',
        description: 'A workspace token or a personal access token of an administrator.',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  }
  return [
    whole(`${base}/ServiceProviderConfig`, configuration),
    whole(`${base}/Schemas`, listOf(schemas)),
    oneOf(`${base}/Schemas`, schemas),
    whole(`${base}/ResourceTypes`, listOf(types)),
    oneOf(`${base}/ResourceTypes`, types),
  ]
}

const listOf = (resources: readonly unknown[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
  totalResults: resources.length,
  startIndex: 1,
  itemsPerPage: resources.length,
  Resources: resources,
})

const whole = (path: string, body: unknown): Route =>
  defineRoute({
    method: 'GET',
    path,
    scopes: [],
    params: nothing,
    query: anyQuery,
    body: noBody,
    handle: () => Promise.resolve({ body }),
  })

const oneOf = (path: string, resources: readonly { readonly id: string }[]): Route =>
  defineRoute({
    method: 'GET',
    path: `${path}/:id`,
    scopes: [],
    params: z.object({ id: z.string() }),
    query: anyQuery,
    body: noBody,
    handle({ params }) {
      const found = resources.find(({ id }) => id === params.id)
      if (found === undefined) throw refused('endpoint_not_found', { method: 'GET', path: `${path}/…` })
      return Promise.resolve({ body: found })
    },
  })
