/**
 * Branded identifiers. A name is never accepted where an id can decide (DESIGN §8), and the compiler keeps the two
 * apart. Numeric ids have 64 bits and are therefore passed as decimal strings: a JavaScript number would lose the last
 * digits of a large one.
 */
declare const brand: unique symbol
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }

/** UUID of the account, which is the installation as a whole. */
export type AccountId = Branded<string, 'AccountId'>
/** Decimal 64-bit id of a workspace; small enough (< 2^53) to travel as a JSON number where clients demand one. */
export type WorkspaceId = Branded<string, 'WorkspaceId'>
/** Decimal 64-bit id of a user, service principal or group; never reused (behaviour 41). */
export type IdentityId = Branded<string, 'IdentityId'>
/** UUID of a database instance; never reused, so a recreated instance of the same name is another one. */
export type InstanceUid = Branded<string, 'InstanceUid'>
/** Object id of a PostgreSQL role (`pg_authid.oid`), as a decimal string. */
export type RoleOid = Branded<string, 'RoleOid'>
/** Object id of a database of an instance (`pg_database.oid`), as a decimal string. */
export type DatabaseOid = Branded<string, 'DatabaseOid'>

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const POSITIVE_INT64 = /^[1-9][0-9]{0,18}$/
const LARGEST_INT64 = 9223372036854775807n

export const isUuid = (text: string): boolean => UUID.test(text)
const isNumericId = (text: string): boolean => POSITIVE_INT64.test(text) && BigInt(text) <= LARGEST_INT64

export const parseIdentityId = (text: string): IdentityId | undefined =>
  isNumericId(text) ? (text as IdentityId) : undefined
export const parseWorkspaceId = (text: string): WorkspaceId | undefined =>
  isNumericId(text) ? (text as WorkspaceId) : undefined
export const parseInstanceUid = (text: string): InstanceUid | undefined =>
  isUuid(text) ? (text as InstanceUid) : undefined
export const parseRoleOid = (text: string): RoleOid | undefined =>
  isNumericId(text) ? (text as RoleOid) : undefined
