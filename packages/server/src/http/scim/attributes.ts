/** What the attributes of SCIM resources may hold; one rule for creating, replacing and patching. */
import { z } from 'zod'
import { RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'
import { SYSTEM_GROUPS } from '../../domain/directory.ts'

/** The one account role (SCIM `roles`). */
export const ACCOUNT_ADMIN_ROLE = 'account_admin'

/** Which characters names may have is a matter of the operations (operations/identity-names.ts). */
export const text = z.string().min(1).max(256)
/** A user name is an e-mail address, as in the real service; its length is bounded, its shape only roughly checked. */
export const userName = text.regex(/^[^\s@"]+@[^\s@"]+$/, 'it must be an e-mail address.')
export const groupName = text.refine(
  (name) => !(SYSTEM_GROUPS as readonly string[]).includes(name),
  'users and admins are groups of the system.',
)

/** Sent along by clients and identity providers; kept nowhere, so that nobody relies on them. */
export const KEPT_NOWHERE: readonly string[] = [
  ...['nickName', 'profileUrl', 'title', 'userType', 'preferredLanguage', 'locale', 'timezone'],
  ...['phoneNumbers', 'ims', 'photos', 'addresses', 'x509Certificates', 'meta', 'account_id', 'kind'],
  // The server's own word (docs/identities.md), sent back with the rest of what it answered.
  'nameProblem',
]

export const requireUserName = (value: unknown, field: string): string => parse(userName, value, field)
export const requireDisplayName = (value: unknown, field: string): string => parse(text, value, field)
export const requireGroupName = (value: unknown, field: string): string => parse(groupName, value, field)

function parse(shape: z.ZodType<string>, value: unknown, field: string): string {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  const problem = parsed.error.issues[0]?.message ?? 'it is not valid.'
  throw new RefusedError(refuse('invalid_parameter', { field, problem }))
}
