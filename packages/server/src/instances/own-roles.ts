/**
 * Which roles of a cluster Lakegate made. Their names do not show it: everybody with CREATEROLE may make a role of any
 * name and rename the roles they administer, except for `pg_…`. What Lakegate makes as a superuser gets a security
 * label of the provider `lakegate`. Only superusers can write it; it stays with a renamed role and is removed with a
 * dropped one (pg_shseclabel).
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import { DATABRICKS_SUPERUSER } from '../domain/role.ts'
import { refused } from '../operations/refused-error.ts'
import { roleBindingsOf } from './role-bindings.ts'

export const OWN_LABEL = `pg_catalog.pg_shseclabel AS own
   WHERE own.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND own.provider = 'lakegate'`

const systemRole = (name: string): string => `system role ${name}`

/** The label of the owner role, which gets the ADMIN option on every role made through REST. */
export const OWNER_ROLE = 'owner role'

/** @param client of a superuser, in the transaction that made the role or recognised it as Lakegate's */
export async function markOwnRole(client: pg.Client, name: string, label: string): Promise<void> {
  await client.query(
    `INSERT INTO pg_catalog.pg_shseclabel (objoid, classoid, provider, label)
     SELECT oid, 'pg_catalog.pg_authid'::pg_catalog.regclass, 'lakegate', $2
       FROM pg_catalog.pg_roles WHERE rolname = $1`,
    [name, label],
  )
}

export type Standing = 'missing' | 'ours' | 'unmarked' | 'a stranger’s'

interface StandingRow {
  readonly label: string | null
  readonly administered: boolean
  readonly used: boolean
}

/**
 * Roles that an earlier version made have no label. Such a role is recognised because only superusers and Lakegate have
 * the ADMIN option on it, while making a role with CREATEROLE gives that option to its creator. It may still be
 * somebody's own role whose creator was dropped since: in that case it can log in, has a password or members, or owns
 * something.
 */
const STANDING = (isSuperuser: boolean) => `
  SELECT ${isSuperuser ? `(SELECT own.label FROM ${OWN_LABEL} AND own.objoid = role.oid)` : 'NULL::pg_catalog.text'} AS label,
         EXISTS (SELECT FROM pg_catalog.pg_auth_members AS member
                   JOIN pg_catalog.pg_roles AS admin ON admin.oid = member.member
                  WHERE member.roleid = role.oid AND member.admin_option
                    AND NOT admin.rolsuper AND admin.rolname <> CURRENT_USER) AS administered,
         role.rolcanlogin OR ${isSuperuser ? 'role.rolpassword IS NOT NULL' : 'false'}
           OR EXISTS (SELECT FROM pg_catalog.pg_auth_members AS member WHERE member.roleid = role.oid)
           OR EXISTS (SELECT FROM pg_catalog.pg_shdepend
                       WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
                         AND refobjid = role.oid AND deptype = 'o') AS used
    FROM ${isSuperuser ? 'pg_catalog.pg_authid' : 'pg_catalog.pg_roles'} AS role
   WHERE role.rolname = $1`

/**
 * @param alone whether the role is used only by Lakegate; databricks_superuser and similar roles have members, and own
 * what the members created as them
 */
export async function standingOf(
  client: pg.Client,
  instance: Pick<DatabaseInstance, 'backend' | 'name'>,
  name: string,
  { alone }: { readonly alone: boolean },
): Promise<Standing> {
  const { rows } = await client.query<StandingRow>(STANDING(isSuperuserOf(instance)), [name])
  const [row] = rows
  if (row === undefined) return 'missing'
  if (row.label === systemRole(name)) return 'ours'
  return row.label !== null || row.administered || (alone && row.used) ? 'a stranger’s' : 'unmarked'
}

const isSuperuserOf = (instance: Pick<DatabaseInstance, 'backend' | 'name'>): boolean =>
  roleBindingsOf(instance).kind === 'shared_catalog'

/**
 * Makes the role without login if it does not exist, and marks it.
 * @throws Fault system_role_taken; nothing is granted to a role that somebody else made
 */
export async function ensureSystemRole(
  client: pg.Client,
  instance: DatabaseInstance,
  name: string,
  options: { readonly alone: boolean },
): Promise<'made' | 'marked' | 'ours'> {
  const standing = await standingOf(client, instance, name, options)
  if (standing === 'a stranger’s') throw systemRoleTaken(instance, name)
  if (standing === 'ours') return 'ours'
  if (standing === 'missing') await client.query(`CREATE ROLE ${client.escapeIdentifier(name)} NOLOGIN`)
  if (isSuperuserOf(instance)) await markOwnRole(client, name, systemRole(name))
  return standing === 'missing' ? 'made' : 'marked'
}

/**
 * Call it before the role is granted to anybody, or made the owner of anything.
 * @throws RefusedError system_role_taken
 */
export async function requireDatabricksSuperuser(
  client: pg.Client,
  instance: DatabaseInstance,
): Promise<void> {
  const standing = await standingOf(client, instance, DATABRICKS_SUPERUSER, { alone: false })
  // Where Lakegate cannot mark its roles, the operator of the cluster may have given the ADMIN option to others.
  if (standing === 'ours' || !isSuperuserOf(instance)) return
  throw refused('system_role_taken', { role: DATABRICKS_SUPERUSER, name: instance.name })
}

const systemRoleTaken = ({ name }: DatabaseInstance, role: string): Fault =>
  new Fault({
    code: 'system_role_taken',
    origin: 'configuration',
    message: `The role ${role} of ${name} is not the one that Lakegate made: somebody else may administer or use it.`,
    nextStep: `See \\drg and \\du ${role}; rename or drop it as a superuser, or revoke the ADMIN option on it if it is yours.`,
  })
