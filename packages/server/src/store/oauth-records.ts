/** What the OAuth server remembers: sessions, grants, codes, refresh tokens; what opens something as a hash. */
import { sql, type Selectable } from 'kysely'
import type { IdentityId } from '../domain/ids.ts'
import type { OAuthRecord, OAuthRecordStore } from '../operations/ports/oauth.ts'
import { hashSecret } from '../tokens/secret.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

const hashOf = (text: string): Buffer => Buffer.from(hashSecret(text))

export function createOAuthRecordStore(database: SystemDatabase): OAuthRecordStore {
  const one = (workspaceId: string, kind: string) =>
    database
      .selectFrom('oauth_record')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .where('kind', '=', kind)
  const byId = (workspaceId: string, kind: string, idHash: Uint8Array) =>
    one(workspaceId, kind).where('id_hash', '=', Buffer.from(idHash))

  return {
    save: (record) =>
      askSystemDatabase(async () => {
        const values = {
          payload: JSON.stringify(record.payload),
          identity_id: record.identityId ?? null,
          grant_id: record.grantId ?? null,
          uid: record.uid ?? null,
          // Known at the first time only; what is kept later keeps it.
          ...(record.userCode === undefined ? {} : { user_code_hash: hashOf(record.userCode) }),
          expires_at: record.expiresAt ?? null,
        }
        await database
          .insertInto('oauth_record')
          .values({
            workspace_id: record.workspaceId,
            kind: record.kind,
            id_hash: record.idHash,
            created_at: record.now,
            ...values,
          })
          .onConflict((conflict) => conflict.columns(['workspace_id', 'kind', 'id_hash']).doUpdateSet(values))
          .execute()
      }),

    find: (workspaceId, kind, idHash) =>
      askSystemDatabase(async () => toRecord(await byId(workspaceId, kind, idHash).executeTakeFirst())),

    findByUid: (workspaceId, kind, uid) =>
      askSystemDatabase(async () =>
        toRecord(await one(workspaceId, kind).where('uid', '=', uid).executeTakeFirst()),
      ),

    findByUserCode: (workspaceId, kind, userCode) =>
      askSystemDatabase(async () =>
        toRecord(
          await one(workspaceId, kind).where('user_code_hash', '=', hashOf(userCode)).executeTakeFirst(),
        ),
      ),

    consume: (workspaceId, kind, idHash, now) =>
      askSystemDatabase(async () => {
        const result = await database
          .updateTable('oauth_record')
          .set({ consumed_at: now })
          .where('workspace_id', '=', workspaceId)
          .where('kind', '=', kind)
          .where('id_hash', '=', Buffer.from(idHash))
          .where('consumed_at', 'is', null)
          .executeTakeFirst()
        return result.numUpdatedRows > 0n
      }),

    remove: (workspaceId, kind, idHash) =>
      askSystemDatabase(async () => {
        await database
          .deleteFrom('oauth_record')
          .where('workspace_id', '=', workspaceId)
          .where('kind', '=', kind)
          .where('id_hash', '=', Buffer.from(idHash))
          .execute()
      }),

    removeGrant: (workspaceId, grantId) =>
      askSystemDatabase(async () => {
        await database
          .deleteFrom('oauth_record')
          .where('workspace_id', '=', workspaceId)
          .where((where) =>
            where.or([
              where('grant_id', '=', grantId),
              where.and([where('kind', '=', 'Grant'), where('id_hash', '=', hashOf(grantId))]),
            ]),
          )
          .execute()
      }),

    removeExpired: (now) =>
      askSystemDatabase(async () => {
        await database.deleteFrom('oauth_record').where('expires_at', '<', now).execute()
      }),

    listSessions: (identityId, now) =>
      askSystemDatabase(async () => {
        const rows = await database
          .selectFrom('oauth_record')
          .selectAll()
          .where('identity_id', '=', identityId)
          .where('kind', 'in', ['Session', 'Grant'])
          .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
          .orderBy('created_at')
          .execute()
        return rows.map((row) => ({
          id: sessionIdOf(row.id_hash),
          kind: row.kind === 'Grant' ? ('grant' as const) : ('session' as const),
          uid: row.uid ?? undefined,
          clientId: typeof row.payload['clientId'] === 'string' ? row.payload['clientId'] : undefined,
          createdAt: row.created_at,
          expiresAt: row.expires_at ?? undefined,
        }))
      }),

    endSession: (identityId, id) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          const rows = await transaction
            .selectFrom('oauth_record')
            .select(['workspace_id', 'kind', 'id_hash'])
            .where('identity_id', '=', identityId)
            .where('kind', 'in', ['Session', 'Grant'])
            .execute()
          const found = rows.find((row) => sessionIdOf(row.id_hash) === id)
          if (found === undefined) return false
          await transaction
            .deleteFrom('oauth_record')
            .where('workspace_id', '=', found.workspace_id)
            .where('kind', '=', found.kind)
            .where('id_hash', '=', found.id_hash)
            .execute()
          // The family of a grant: it would open nothing without it, and is not kept for nothing.
          await transaction
            .deleteFrom('oauth_record')
            .where('identity_id', '=', identityId)
            .where(sql`sha256(convert_to(grant_id, 'UTF8'))`, '=', found.id_hash)
            .execute()
          return true
        }),
      ),

    endOthersOf: (identityId, sessionUid) =>
      askSystemDatabase(() => endSessionsOf(database, identityId, sessionUid)),
  }
}

/** Sign-in sessions, and whatever was granted. @param sessionUid the browser session that goes on, if any */
export async function endSessionsOf(
  on: SystemDatabase,
  identityId: IdentityId,
  sessionUid: string | undefined,
): Promise<void> {
  await on
    .deleteFrom('oauth_record')
    .where('identity_id', '=', identityId)
    .$if(sessionUid !== undefined, (query) =>
      query.where((where) =>
        where.or([where('kind', '!=', 'Session'), where('uid', 'is distinct from', sessionUid ?? null)]),
      ),
    )
    .execute()
}

/** Enough to tell sessions apart; says nothing about the cookie, of which it is the beginning of a hash of a hash. */
const sessionIdOf = (idHash: Buffer): string => hashOf(idHash.toString('hex')).toString('hex').slice(0, 24)

function toRecord(row: Selectable<SystemSchema['oauth_record']> | undefined): OAuthRecord | undefined {
  if (row === undefined) return undefined
  return {
    idHash: row.id_hash,
    payload: row.payload,
    identityId: (row.identity_id ?? undefined) as IdentityId | undefined,
    consumedAt: row.consumed_at ?? undefined,
    expiresAt: row.expires_at ?? undefined,
  }
}
