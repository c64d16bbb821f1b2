/**
 * The roles as which sessions with claims continue (databricks_auth.lend_claims). Each belongs to the role for which it
 * reads, and is dropped with it.
 */
import type pg from 'pg'
import type { RoleOid } from '../domain/ids.ts'

export interface ClaimReader {
  readonly oid: RoleOid
  readonly name: string
  readonly readsFor: RoleOid
}

/**
 * Finds readers by a label that only a superuser can write, not by their name. Before version 1.3 of databricks_auth
 * readers had no label. Such a reader is recognised by its name, but only if it has no members and owns nothing. A role
 * of that name that a non-superuser created has its creator as a member; if the creator was dropped since, the role may
 * still own objects, and treating it as a reader would give them to somebody else.
 */
export async function findClaimReaders(client: pg.Client): Promise<readonly ClaimReader[]> {
  const { rows } = await client.query<ClaimReader>(
    `SELECT reader.oid::text AS oid, reader.rolname::text AS name,
            COALESCE(pg_catalog.substring(mark.label, '^role=([0-9]+),'),
                     pg_catalog.split_part(reader.rolname::pg_catalog.text, '_', 3)) AS "readsFor"
       FROM pg_catalog.pg_roles AS reader
       LEFT JOIN pg_catalog.pg_shseclabel AS mark
         ON mark.objoid = reader.oid AND mark.provider = 'databricks_claims'
        AND mark.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
      WHERE mark.label IS NOT NULL
         OR (reader.rolname ~ '^databricks_claims_[0-9]+_[0-9a-f]{16}$' AND NOT reader.rolcanlogin
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members AS membership WHERE membership.roleid = reader.oid)
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_shdepend AS owned
                              WHERE owned.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
                                AND owned.refobjid = reader.oid AND owned.deptype = 'o'))`,
  )
  return rows
}
