/**
 * Makes sure that all statements of an operation affect the same role. Statements name roles, and an administrator of
 * two roles may exchange their names in between; the object id shows that, and the transaction is then rolled back.
 */
import type pg from 'pg'
import { Fault } from '../domain/fault.ts'
import type { RoleOid } from '../domain/ids.ts'

export interface KnownRole {
  readonly oid: RoleOid
  readonly name: string
}

export async function findKnownRole(client: pg.Client, name: string): Promise<KnownRole | undefined> {
  const { rows } = await client.query<KnownRole>(
    'SELECT oid::text AS oid, rolname::text AS name FROM pg_catalog.pg_roles WHERE rolname = $1',
    [name],
  )
  const [role] = rows
  // `name` cuts at 63 bytes: a longer name must not stand for the role that shares its beginning.
  return role?.name === name ? role : undefined
}

/** @throws Fault role_changed_meanwhile when there is none */
export async function knowRole(client: pg.Client, name: string): Promise<KnownRole> {
  const role = await findKnownRole(client, name)
  if (role === undefined) throw changedMeanwhile(name)
  return role
}

/**
 * @param client in the transaction that works on the roles; call it before and after the work
 * @throws Fault role_changed_meanwhile
 */
export async function requireSame(client: pg.Client, ...roles: readonly KnownRole[]): Promise<void> {
  for (const { oid, name } of roles)
    if ((await knowRole(client, name)).oid !== oid) throw changedMeanwhile(name)
}

/** @throws Fault role_changed_meanwhile when another role was dropped instead */
export async function requireGone(client: pg.Client, { oid, name }: KnownRole): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE oid = $1', [oid])
  if (rowCount !== 0) throw changedMeanwhile(name)
}

const changedMeanwhile = (name: string): Fault =>
  new Fault({
    code: 'role_changed_meanwhile',
    origin: 'instance',
    message: `The role ${JSON.stringify(name)} was renamed or dropped meanwhile; nothing was changed.`,
    nextStep: 'Read the roles again, and repeat the request.',
    retryable: true,
  })
