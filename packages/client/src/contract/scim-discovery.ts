/** What an identity provider reads before it provisions (RFC 7643 §5–7, RFC 7644 §4). */

/** Which parts of SCIM the server supports. */
export interface ScimServiceProviderConfig {
  schemas: string[]
  patch: { supported: boolean }
  bulk: { supported: boolean; maxOperations: number; maxPayloadSize: number }
  filter: { supported: boolean; maxResults: number }
  changePassword: { supported: boolean }
  sort: { supported: boolean }
  etag: { supported: boolean }
  authenticationSchemes: { type: string; name: string; description: string; primary: boolean }[]
  meta: ScimDiscoveryMeta
}

/** Where a description is. */
export interface ScimDiscoveryMeta {
  resourceType: string
  location: string
}

/** An attribute of a kind of resource. */
export interface ScimAttributeAnswer {
  name: string
  type: 'string' | 'boolean' | 'complex'
  multiValued: boolean
  required: boolean
  caseExact: boolean
  mutability: 'readWrite' | 'readOnly' | 'immutable'
  returned: 'default' | 'always'
  uniqueness: 'none' | 'server'
}

/** The attributes of a kind of resource. */
export interface ScimSchemaAnswer {
  schemas: string[]
  id: string
  name: string
  description: string
  attributes: ScimAttributeAnswer[]
  meta: ScimDiscoveryMeta
}

/** A kind of resource. */
export interface ScimResourceTypeAnswer {
  schemas: string[]
  id: string
  name: string
  description: string
  endpoint: string
  schema: string
  schemaExtensions: { schema: string; required: boolean }[]
  meta: ScimDiscoveryMeta
}
