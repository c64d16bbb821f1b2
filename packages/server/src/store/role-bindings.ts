/**
 * Which role of an attached cluster is bound to which identity, for clusters without a place that only a superuser can
 * write. A login reads it in parallel with the facts of the role, in one query with other concurrent logins.
 */
import { sql, type Selectable } from 'kysely'
import type { IdentityId, InstanceUid, RoleOid } from '../domain/ids.ts'
import type { KeptBinding, RoleBindingStore } from '../operations/ports/role-bindings.ts'
import { namedQuery } from './named-query.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, askSystemDatabaseTogether, type SystemDatabase } from './system-database.ts'

type Row = Selectable<SystemSchema['role_binding']>

interface BindingQuestion {
  readonly uid: InstanceUid
  readonly roleName: string
}

interface BindingQuestions {
  readonly uids: readonly InstanceUid[]
  readonly roleNames: readonly string[]
}

export const roleBindingsQuery = ({ uids, roleNames }: BindingQuestions) => sql<
  Row & { readonly question: number }
>`
  SELECT asked.question::int, binding.*
    FROM unnest((SELECT ${uids}::uuid[]), (SELECT ${roleNames}::text[]))
         WITH ORDINALITY AS asked (instance_uid, role_name, question)
   CROSS JOIN LATERAL (
     SELECT * FROM role_binding AS kept
      WHERE kept.instance_uid = asked.instance_uid AND kept.role_name = asked.role_name OFFSET 0
   ) AS binding`

export function createRoleBindingStore(database: SystemDatabase): RoleBindingStore {
  const ask = namedQuery(database, 'role_bindings', ['uids', 'roleNames'], roleBindingsQuery)
  const askForBinding = askSystemDatabaseTogether({
    keyOf: ({ uid, roleName }: BindingQuestion) => `${uid} ${roleName}`,
    ask: (questions) =>
      ask({ uids: questions.map(({ uid }) => uid), roleNames: questions.map(({ roleName }) => roleName) }),
    answer: ([row]) => (row === undefined ? undefined : bindingOf(row)),
    mostUnderWay: 1,
  })
  const rowsOf = (uid: InstanceUid) =>
    database.selectFrom('role_binding').selectAll().where('instance_uid', '=', uid)

  return {
    loadBinding: (uid, roleName) => askForBinding({ uid, roleName }),

    listBindings: (uid, roleNames) =>
      askSystemDatabase(async () => {
        if (roleNames.length === 0) return []
        const rows = await rowsOf(uid)
          .where(sql<boolean>`role_name = ANY (${roleNames}::text[])`)
          .execute()
        return rows.map(bindingOf)
      }),

    listBoundTo: (uid, identityIds) =>
      askSystemDatabase(async () => {
        const rows = await rowsOf(uid)
          .where(sql<boolean>`identity_id = ANY (${identityIds}::bigint[])`)
          .execute()
        return rows.map(bindingOf)
      }),

    insertBinding: (uid, kept) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          const { oid, name } = kept.role
          await transaction
            .deleteFrom('role_binding')
            .where('instance_uid', '=', uid)
            .where(({ eb, or, and }) => {
              const [sameRole, sameName] = [eb('role_oid', '=', oid), eb('role_name', '=', name)]
              return kept.isMadeByLakegate
                ? or([sameRole, sameName])
                : or([
                    and([sameRole, eb('role_name', '<>', name)]),
                    and([sameName, eb('role_oid', '<>', oid)]),
                  ])
            })
            .execute()
          const inserted = await transaction
            .insertInto('role_binding')
            .values(rowOf(uid, kept))
            // Waits for a concurrent insert of the same row; the first one wins.
            .onConflict((conflict) => conflict.doNothing())
            .returning('role_oid')
            .executeTakeFirst()
          return inserted === undefined ? 'already_bound' : 'inserted'
        }),
      ),

    removeBinding: (uid, role) =>
      askSystemDatabase(async () => {
        await database
          .deleteFrom('role_binding')
          .where('instance_uid', '=', uid)
          .where('role_oid', '=', role)
          .execute()
      }),

    takeOverBindings: (uid, bindings) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          const taking = await transaction
            .updateTable('database_instance')
            .set({ attached_bindings: 'system_database' })
            .where('uid', '=', uid)
            .where('attached_bindings', '=', 'table')
            .returning('uid')
            .executeTakeFirst()
          if (taking === undefined) return
          for (let begin = 0; begin < bindings.length; begin += ROWS_AT_A_TIME) {
            await transaction
              .insertInto('role_binding')
              .values(bindings.slice(begin, begin + ROWS_AT_A_TIME).map((kept) => rowOf(uid, kept)))
              .execute()
          }
        }),
      ),

    isTableAwaited: (uid, systemIdentifier) =>
      askSystemDatabase(async () => {
        const other = await database
          .selectFrom('database_instance')
          .select('uid')
          .where('uid', '<>', uid)
          .where('system_identifier', '=', systemIdentifier)
          .where('attached_bindings', '=', 'table')
          .executeTakeFirst()
        return other !== undefined
      }),
  }
}

/** A statement has at most 65,535 parameters, and each row has six. */
const ROWS_AT_A_TIME = 5_000

const rowOf = (uid: InstanceUid, { role, binding, isMadeByLakegate }: KeptBinding) => ({
  instance_uid: uid,
  role_oid: role.oid,
  role_name: role.name,
  identity_id: binding.id,
  identity_type: binding.type,
  made_by_lakegate: isMadeByLakegate,
})

const bindingOf = (row: Row): KeptBinding => ({
  role: { oid: row.role_oid as RoleOid, name: row.role_name },
  binding: { id: row.identity_id as IdentityId, type: row.identity_type },
  isMadeByLakegate: row.made_by_lakegate,
})
