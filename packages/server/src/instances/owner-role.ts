/**
 * The role of the creator of the instance (behaviour 54). It is made together with the database that it owns, and gets
 * the ADMIN option on every role made through REST, as CREATE ROLE gives it to its caller. It is recognised by its
 * security label, never by its name, because the name is free again after the role was dropped or renamed. A binding to
 * the creator is not sufficient either: whoever makes a role may bind it to anybody, and would get what is given to
 * that role.
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import { formatIdentityBinding } from '../domain/identity-binding.ts'
import type { Principal } from '../domain/identity.ts'
import { DATABRICKS_SUPERUSER, LONGEST_NAME_BYTES, SYSTEM_SUPERUSER } from '../domain/role.ts'
import { inTransaction } from './in-transaction.ts'
import { markOwnRole, OWN_LABEL, OWNER_ROLE } from './own-roles.ts'

/** Roles bound to the creator (`$1`), whatever their present name and whatever type the binding has. */
const BOUND_TO_CREATOR = `
  SELECT role.oid, role.rolname::text AS name
    FROM pg_catalog.pg_shseclabel AS label
    JOIN pg_catalog.pg_roles AS role ON role.oid = label.objoid
   WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth'
     AND pg_catalog.starts_with(label.label, $1)`

const bindingOfCreator = ({ creatorId }: DatabaseInstance): string => `id=${creatorId},type=`

interface OwnerRow {
  readonly name: string
}

/** @returns its present name; undefined when it was dropped, or is bound to somebody else */
async function findOwnerRole(client: pg.Client, instance: DatabaseInstance): Promise<OwnerRow | undefined> {
  const { rows } = await client.query<OwnerRow>(
    `SELECT bound.name FROM (${BOUND_TO_CREATOR}) AS bound
      WHERE EXISTS (SELECT FROM ${OWN_LABEL} AND own.objoid = bound.oid AND own.label = $2)`,
    [bindingOfCreator(instance), OWNER_ROLE],
  )
  return rows[0]
}

/**
 * At most one role is marked: the mark of a dropped owner is gone, and an owner that was bound elsewhere keeps its
 * mark.
 */
const hasMarkedRole = async (client: pg.Client): Promise<boolean> => {
  const { rowCount } = await client.query(`SELECT FROM ${OWN_LABEL} AND own.label = $1`, [OWNER_ROLE])
  return rowCount !== 0
}

/**
 * Marks the owner role of an instance that an earlier version made without marks; done once, together with the system
 * roles. A role that has databricks_superuser and on which nobody has the ADMIN option can only have been made by a
 * superuser.
 */
export async function adoptOwnerRole(client: pg.Client, instance: DatabaseInstance): Promise<void> {
  if (await hasMarkedRole(client)) return
  const { rows } = await client.query<OwnerRow>(
    `SELECT bound.name FROM (${BOUND_TO_CREATOR}) AS bound
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members AS member
                         WHERE member.roleid = bound.oid AND member.admin_option)
        AND EXISTS (SELECT FROM pg_catalog.pg_auth_members AS member
                      JOIN pg_catalog.pg_roles AS above ON above.oid = member.roleid
                     WHERE member.member = bound.oid AND above.rolname = $2)
      ORDER BY bound.oid LIMIT 1`,
    [bindingOfCreator(instance), DATABRICKS_SUPERUSER],
  )
  const [owner] = rows
  if (owner !== undefined) await markOwnRole(client, owner.name, OWNER_ROLE)
}

/**
 * Makes the role with the attributes of the creator (behaviour 54); never SUPERUSER, never REPLICATION.
 * @returns its name; or the Fault that prevented it, and then no other role takes its place
 */
export async function ensureOwnerRole(
  client: pg.Client,
  instance: DatabaseInstance,
  owner: Principal,
): Promise<string | Fault> {
  const known = await findOwnerRole(client, instance)
  if (known !== undefined) return known.name
  if (!isFree(owner.name)) return nameNotFree(instance, owner.name, 'the system’s, or too long')
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [owner.name])
  if (rowCount !== 0) return nameNotFree(instance, owner.name, 'taken by a role that somebody else made')
  await inTransaction(client, async () => {
    const name = client.escapeIdentifier(owner.name)
    await client.query(`CREATE ROLE ${name} LOGIN INHERIT CREATEDB CREATEROLE BYPASSRLS`)
    await client.query(`GRANT ${DATABRICKS_SUPERUSER} TO ${name}`)
    await client.query(
      `INSERT INTO pg_catalog.pg_shseclabel (objoid, classoid, provider, label)
       SELECT oid, 'pg_catalog.pg_authid'::pg_catalog.regclass, 'databricks_auth', $2
         FROM pg_catalog.pg_roles WHERE rolname = $1`,
      [owner.name, formatIdentityBinding(owner)],
    )
    await markOwnRole(client, owner.name, OWNER_ROLE)
  })
  return owner.name
}

/**
 * Marks a role that was made through REST for the creator after the first one was dropped; on this one, too, nobody has
 * the ADMIN option.
 */
export async function markReturnedOwner(client: pg.Client, name: string): Promise<void> {
  if (!(await hasMarkedRole(client))) await markOwnRole(client, name, OWNER_ROLE)
}

/** As CREATE ROLE does for its caller, so that the owner may grant, alter and drop what was made here. */
export async function giveToOwner(
  client: pg.Client,
  instance: DatabaseInstance,
  roleName: string,
): Promise<void> {
  const owner = await findOwnerRole(client, instance)
  if (owner === undefined || owner.name === roleName) return
  const [role, to] = [client.escapeIdentifier(roleName), client.escapeIdentifier(owner.name)]
  await client.query(`GRANT ${role} TO ${to} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`)
}

/** Names that PostgreSQL or Lakegate reserves cannot be an owner's, nor names that PostgreSQL would truncate. */
const isFree = (name: string): boolean =>
  Buffer.byteLength(name, 'utf8') <= LONGEST_NAME_BYTES &&
  !/^(pg|databricks)_/.test(name) &&
  !['', 'public', 'none', SYSTEM_SUPERUSER].includes(name)

const nameNotFree = ({ name }: DatabaseInstance, role: string, reason: string): Fault =>
  new Fault({
    code: 'owner_role_not_made',
    origin: 'configuration',
    message: `The creator of ${name} has no role: the name ${JSON.stringify(role)} is ${reason}. databricks_postgres belongs to ${DATABRICKS_SUPERUSER}.`,
    nextStep:
      'Make a role for the creator through REST, or with databricks_create_role, under a name that is free.',
  })
