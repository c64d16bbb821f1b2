/** Which values the attributes of SCIM resources may have; the same rules for creating, replacing and patching. */
import { z } from 'zod'
import { refused } from '../../operations/refused-error.ts'
import { SYSTEM_GROUPS } from '../../domain/directory.ts'

/** The only account role (SCIM `roles`). */
export const ACCOUNT_ADMIN_ROLE = 'account_admin'

/** Which characters a name may contain is checked by the operations (operations/directory/identity-names.ts). */
export const text = z.string().min(1).max(256)
/**
 * A user name is an e-mail address, as in the real service; its length is limited, its form is checked only roughly.
 */
export const userName = text.regex(/^[^\s@"]+@[^\s@"]+$/, 'it must be an e-mail address.')
export const groupName = text.refine(
  (name) => !(SYSTEM_GROUPS as readonly string[]).includes(name),
  'users and admins are groups of the system.',
)

/**
 * Attributes that clients and identity providers send and that are stored nowhere, so that nobody relies on them:
 * attributes of users in RFC 7643 §4.1 that we do not store, attributes of the enterprise extension (some send them
 * without its URN), and what SDKs send back.
 */
export const KEPT_NOWHERE: readonly string[] = [
  // writeOnly (RFC 7643 §4.1.1): Okta generates one for every create. People choose their own, with a link.
  'password',
  ...['nickName', 'profileUrl', 'title', 'userType', 'preferredLanguage', 'locale', 'timezone'],
  ...['phoneNumbers', 'ims', 'photos', 'addresses', 'x509Certificates', 'meta', 'account_id', 'kind'],
  ...['employeeNumber', 'costCenter', 'organization', 'division', 'department', 'manager'],
  // Written by the server (docs/identities.md), and sent back with the rest of its answer.
  'nameProblem',
]

const CORE_SCHEMA = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group|serviceprincipal)$/i
/**
 * A name may begin with the schema to which it belongs (RFC 7644 §3.10); attributes of other schemas are not stored.
 */
export const isCoreSchema = (schema: string | undefined): boolean =>
  schema === undefined || CORE_SCHEMA.test(schema)

/** RFC 7643 §2.5: null and a missing attribute mean the same. */
export const isUnassigned = (value: unknown): value is null | undefined =>
  value === null || value === undefined

/** Some identity providers send booleans as texts. */
export function readBoolean(value: unknown, field: string): boolean {
  const text = typeof value === 'string' ? value.toLowerCase() : value
  if (text === true || text === 'true') return true
  if (text === false || text === 'false') return false
  throw refused('invalid_parameter', { field, problem: 'it must be true or false.' })
}

export const requireUserName = (value: unknown, field: string): string => parse(userName, value, field)
export const requireDisplayName = (value: unknown, field: string): string => parse(text, value, field)
export const requireGroupName = (value: unknown, field: string): string => parse(groupName, value, field)

function parse(shape: z.ZodType<string>, value: unknown, field: string): string {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  const problem = parsed.error.issues[0]?.message ?? 'it is not valid.'
  throw refused('invalid_parameter', { field, problem })
}
