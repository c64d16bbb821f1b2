/**
 * The records of the OAuth server: sessions, grants, codes, refresh tokens. Anything that grants access is stored as a
 * hash.
 */
import { sql, type RawBuilder, type Selectable } from 'kysely'
import type { IdentityId } from '../domain/ids.ts'
import type { OAuthRecord, OAuthRecordStore } from '../operations/ports/oauth.ts'
import { hashSecret } from '../tokens/secret.ts'
import type { SystemQueries, SystemSchema } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

const hashOf = (text: string): Buffer => Buffer.from(hashSecret(text))

export const createOAuthRecordStore = (database: SystemDatabase): OAuthRecordStore => ({
  ...recordReads(database),
  ...recordChanges(database),
  ...signInSessions(database),
})

/** The lookups of the OAuth library. */
function recordReads(
  database: SystemDatabase,
): Pick<OAuthRecordStore, 'find' | 'findByUid' | 'findByUserCode'> {
  const one = (workspaceId: string, kind: string) =>
    database
      .selectFrom('oauth_record')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .where('kind', '=', kind)
  const byId = (workspaceId: string, kind: string, idHash: Uint8Array) =>
    one(workspaceId, kind).where('id_hash', '=', Buffer.from(idHash))

  return {
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
  }
}

/** The writes of the OAuth library. */
const recordChanges = (
  database: SystemDatabase,
): Pick<OAuthRecordStore, 'save' | 'consume' | 'remove' | 'removeGrant' | 'removeExpired'> => ({
  save: (record) =>
    askSystemDatabase(async () => {
      const originHash = record.origin === undefined ? null : hashOf(record.origin.key)
      // A single statement: records saved before count towards the limit, except for those written at the same moment.
      const saved = await sql`
          INSERT INTO oauth_record AS kept
            (workspace_id, kind, id_hash, payload, identity_id, grant_id, uid, user_code_hash, created_at, expires_at, origin_hash)
          SELECT ${record.workspaceId}::bigint, ${record.kind}, ${record.idHash}::bytea,
            ${JSON.stringify(record.payload)}::jsonb, ${record.identityId ?? null}::bigint, ${record.grantId ?? null},
            ${record.uid ?? null}, ${record.userCode === undefined ? null : hashOf(record.userCode)}::bytea,
            ${record.now}::timestamptz, ${record.expiresAt ?? null}::timestamptz, ${originHash}::bytea
          WHERE ${hasRoom(record, originHash)}
          ON CONFLICT (workspace_id, kind, id_hash) DO UPDATE SET
            payload = EXCLUDED.payload,
            identity_id = EXCLUDED.identity_id,
            grant_id = EXCLUDED.grant_id,
            uid = EXCLUDED.uid,
            -- Known only when the record is first saved; later saves keep it.
            user_code_hash = coalesce(EXCLUDED.user_code_hash, kept.user_code_hash),
            expires_at = EXCLUDED.expires_at`.execute(database)
      if ((saved.numAffectedRows ?? 0n) > 0n) return undefined
      return secondsUntilRoom(database, originHash, record.now)
    }),

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

  removeExpired: (now, atMost) =>
    askSystemDatabase(async () => {
      const removed = await sql`
          DELETE FROM oauth_record WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM oauth_record WHERE expires_at < ${now} LIMIT ${atMost} FOR UPDATE SKIP LOCKED
          ))`.execute(database)
      return Number(removed.numAffectedRows ?? 0n)
    }),
})

/** The sessions as people see them: where they are signed in. */
const signInSessions = (
  database: SystemDatabase,
): Pick<OAuthRecordStore, 'listSessions' | 'endSession' | 'endOthersOf'> => ({
  listSessions: (identityId, now) =>
    askSystemDatabase(async () => {
      const rows = await database
        .selectFrom('oauth_record')
        .selectAll()
        .where('identity_id', '=', identityId)
        .where('kind', 'in', ['Session', 'Grant'])
        .where(sql`payload ->> 'clientId'`, 'is distinct from', BOUND_TO_ITS_SESSION)
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
        // The records that belong to a grant: they are useless without it, so they are deleted too.
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
})

/**
 * Ends sign-in sessions, and everything that was granted. A browser session that continues keeps all it needs: the
 * console in that browser has a grant of its own, which the session names.
 * @param sessionUid the browser session that continues, if any
 */
export async function endSessionsOf(
  on: SystemQueries,
  identityId: IdentityId,
  sessionUid: string | undefined,
): Promise<void> {
  await sql`
    WITH kept AS (
      SELECT id_hash, payload #>> ARRAY['authorizations', ${BOUND_TO_ITS_SESSION}::text, 'grantId'] AS grant_id
        FROM oauth_record
       WHERE identity_id = ${identityId} AND kind = 'Session' AND uid = ${sessionUid ?? null})
    DELETE FROM oauth_record AS record
     WHERE record.identity_id = ${identityId} AND NOT EXISTS (
       SELECT FROM kept
        WHERE (record.kind = 'Session' AND record.id_hash = kept.id_hash)
           OR record.grant_id = kept.grant_id
           OR (record.kind = 'Grant' AND record.id_hash = sha256(convert_to(kept.grant_id, 'UTF8'))))`.execute(
    on,
  )
}

/** The client of the web console: its tokens, and its grant, are shown only as part of the session of the browser. */
const BOUND_TO_ITS_SESSION = 'lakegate-console'

type SavedRecord = Parameters<OAuthRecordStore['save']>[0]

function hasRoom({ origin, workspaceId, kind, idHash, now }: SavedRecord, originHash: Buffer | null) {
  if (origin === undefined) return sql`true`
  const room = fewerThan(origin.most, sql`origin_hash = ${originHash}::bytea`, now)
  const roomInAll =
    origin.mostOfAll === undefined
      ? sql`true`
      : fewerThan(origin.mostOfAll, sql`origin_hash IS NOT NULL`, now)
  return sql`(${room} AND ${roomInAll}) OR EXISTS (
    SELECT FROM oauth_record
    WHERE workspace_id = ${workspaceId}::bigint AND kind = ${kind} AND id_hash = ${idHash}::bytea)`
}

/** Counts only as far as needed. */
const fewerThan = (most: number, whose: RawBuilder<unknown>, now: Date) => sql`(
  SELECT count(*) < ${most} FROM (
    SELECT FROM oauth_record
    WHERE ${whose} AND identity_id IS NULL AND expires_at > ${now}::timestamptz LIMIT ${most}
  ) AS open)`

/** Seconds until the first of the records that use up the limit expires. */
async function secondsUntilRoom(
  database: SystemDatabase,
  originHash: Buffer | null,
  now: Date,
): Promise<number> {
  const { rows } = await sql<{ first: Date | null }>`
    SELECT coalesce(
      (SELECT min(expires_at) FROM oauth_record
       WHERE origin_hash = ${originHash}::bytea AND identity_id IS NULL AND expires_at > ${now}::timestamptz),
      (SELECT min(expires_at) FROM oauth_record
       WHERE origin_hash IS NOT NULL AND identity_id IS NULL AND expires_at > ${now}::timestamptz)
    ) AS first`.execute(database)
  const milliseconds = (rows[0]?.first?.getTime() ?? now.getTime()) - now.getTime()
  return Math.max(1, Math.ceil(milliseconds / 1000))
}

/**
 * Enough to tell sessions apart; it reveals nothing about the cookie, because it is the beginning of a hash of a hash.
 */
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
