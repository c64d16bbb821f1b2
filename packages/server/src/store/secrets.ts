/** OAuth secrets of service principals: hashes, at most five live ones, never readable again. */
import type { Selectable } from 'kysely'
import type { IdentityId } from '../domain/ids.ts'
import type { SecretStore, StoredSecret } from '../operations/ports/secrets.ts'
import { toPrincipal } from './identity-rows.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

export function createSecretStore(database: SystemDatabase): SecretStore {
  return {
    insertSecret: (secret) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          // The lock on the principal makes counting and inserting atomic among concurrent callers.
          await transaction
            .selectFrom('identity')
            .select('id')
            .where('id', '=', secret.servicePrincipalId)
            .forUpdate()
            .executeTakeFirst()
          const { live } = await transaction
            .selectFrom('service_principal_secret')
            .select((select) => select.fn.countAll<string>().as('live'))
            .where('service_principal_id', '=', secret.servicePrincipalId)
            .where('expires_at', '>', secret.createdAt)
            .executeTakeFirstOrThrow()
          if (Number(live) >= secret.atMost) return undefined
          const row = await transaction
            .insertInto('service_principal_secret')
            .values({
              service_principal_id: secret.servicePrincipalId,
              secret_hash: secret.hash,
              created_at: secret.createdAt,
              expires_at: secret.expiresAt,
            })
            .returningAll()
            .executeTakeFirstOrThrow()
          return toStoredSecret(row)
        }),
      ),

    listSecrets: (servicePrincipalId) =>
      askSystemDatabase(async () => {
        const rows = await database
          .selectFrom('service_principal_secret')
          .selectAll()
          .where('service_principal_id', '=', servicePrincipalId)
          .orderBy('created_at')
          .orderBy('id')
          .execute()
        return rows.map(toStoredSecret)
      }),

    deleteSecret: (servicePrincipalId, secretId) =>
      askSystemDatabase(async () => {
        const result = await database
          .deleteFrom('service_principal_secret')
          .where('service_principal_id', '=', servicePrincipalId)
          .where('id', '=', secretId)
          .executeTakeFirst()
        return result.numDeletedRows > 0n
      }),

    loadClient: (applicationId, now) =>
      askSystemDatabase(async () => {
        const rows = await database
          .selectFrom('identity')
          .leftJoin('service_principal_secret as secret', (join) =>
            join.onRef('secret.service_principal_id', '=', 'identity.id').on('secret.expires_at', '>', now),
          )
          .select([
            'identity.id',
            'identity.name',
            'identity.display_name',
            'identity.active',
            'secret.secret_hash',
          ])
          .where('identity.type', '=', 'SERVICE_PRINCIPAL')
          .where('identity.name', '=', applicationId)
          .where('identity.active', '=', true)
          .execute()
        const principal = rows[0]
        if (principal === undefined) return undefined
        return {
          principal: toPrincipal({ ...principal, type: 'SERVICE_PRINCIPAL' }),
          hashes: rows.flatMap((row) => (row.secret_hash === null ? [] : [row.secret_hash])),
        }
      }),
  }
}

function toStoredSecret(row: Selectable<SystemSchema['service_principal_secret']>): StoredSecret {
  return {
    id: row.id,
    servicePrincipalId: row.service_principal_id as IdentityId,
    hash: row.secret_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
