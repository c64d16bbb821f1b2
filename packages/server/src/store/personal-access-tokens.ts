/** Personal access tokens: found by the hash of the whole token, never readable again. */
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { PersonalAccessTokenStore } from '../operations/ports.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

export function createPersonalAccessTokenStore(database: SystemDatabase): PersonalAccessTokenStore {
  return {
    insertPersonalAccessToken: (token) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          // Expired ones are of no use to anybody; every start issues one, so they would pile up.
          await transaction
            .deleteFrom('personal_access_token')
            .where('identity_id', '=', token.identityId)
            .where('expires_at', '<=', token.createdAt)
            .execute()
          return transaction
            .insertInto('personal_access_token')
            .values({
              identity_id: token.identityId,
              workspace_id: token.workspaceId,
              token_hash: token.hash,
              comment: token.comment,
              created_at: token.createdAt,
              expires_at: token.expiresAt ?? null,
            })
            .returning('id')
            .executeTakeFirstOrThrow()
        }),
      ),

    findPersonalAccessToken: (hash, now) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('personal_access_token')
          .select(['id', 'identity_id', 'workspace_id'])
          .where('token_hash', '=', Buffer.from(hash))
          .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
          .executeTakeFirst()
        if (row === undefined) return undefined
        return {
          id: row.id,
          identityId: row.identity_id as IdentityId,
          workspaceId: row.workspace_id as WorkspaceId,
        }
      }),
  }
}
