/** Browsers that are signed in to the web console; each lasts as long as its session of the sign-in pages. */
import { sql, type Selectable } from 'kysely'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { ConsoleSessionStore, FoundConsoleSession } from '../operations/ports/console-sessions.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

type Row = Selectable<SystemSchema['console_session']> & { readonly browser_session_expires_at: Date | null }

export const createConsoleSessionStore = (database: SystemDatabase): ConsoleSessionStore => ({
  ...sessionReads(database),
  ...sessionChanges(database),
})

/** Queries for live sessions. */
function sessionReads(
  database: SystemDatabase,
): Pick<ConsoleSessionStore, 'findConsoleSession' | 'listLive'> {
  /**
   * Excludes a session that was signed out, whose user was deactivated, or whose browser is now signed in as another
   * user.
   */
  const live = () =>
    database
      .selectFrom('console_session as console')
      .innerJoin('oauth_record as browser', (join) =>
        join
          .onRef('browser.workspace_id', '=', 'console.workspace_id')
          .onRef('browser.uid', '=', 'console.browser_session_uid')
          .onRef('browser.identity_id', '=', 'console.identity_id')
          .on('browser.kind', '=', 'Session'),
      )
      .innerJoin('identity', (join) =>
        join.onRef('identity.id', '=', 'console.identity_id').on('identity.active', '=', true),
      )

  return {
    findConsoleSession: (cookieHash) =>
      askSystemDatabase(async () => {
        const row = await live()
          .selectAll('console')
          .select('browser.expires_at as browser_session_expires_at')
          .where('console.cookie_hash', '=', Buffer.from(cookieHash))
          .executeTakeFirst()
        return row === undefined ? undefined : toSession(row)
      }),

    listLive: (cookieHashes) =>
      askSystemDatabase(async () => {
        const rows = await live()
          .select(['console.cookie_hash', 'console.created_at', 'console.used_at'])
          .select('browser.expires_at as browser_session_expires_at')
          .where(
            'console.cookie_hash',
            'in',
            cookieHashes.map((hash) => Buffer.from(hash)),
          )
          .execute()
        return rows.map((row) => ({
          cookieHash: row.cookie_hash,
          createdAt: row.created_at,
          usedAt: row.used_at,
          browserSessionExpiresAt: row.browser_session_expires_at ?? undefined,
        }))
      }),
  }
}

/** How a session is created, renewed and ended. */
const sessionChanges = (
  database: SystemDatabase,
): Pick<
  ConsoleSessionStore,
  | 'insertConsoleSession'
  | 'touchConsoleSession'
  | 'replaceAccessToken'
  | 'removeConsoleSession'
  | 'endBrowserSession'
  | 'removeConsoleSessionsThatAreOver'
> => ({
  insertConsoleSession: (session, atMost) =>
    askSystemDatabase(() =>
      database.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('console_session')
          .values({
            cookie_hash: session.cookieHash,
            workspace_id: session.workspaceId,
            identity_id: session.identityId,
            browser_session_uid: session.browserSessionUid,
            signed_in_outside: session.signedInOutside,
            access_token_encrypted: session.sealedAccessToken,
            access_token_expires_at: session.accessTokenExpiresAt,
            refresh_token_encrypted: session.sealedRefreshToken,
            created_at: session.createdAt,
            used_at: session.usedAt,
          })
          .execute()
        await sql`
            DELETE FROM console_session WHERE cookie_hash IN (
              SELECT cookie_hash FROM console_session WHERE identity_id = ${session.identityId}
              ORDER BY created_at DESC, cookie_hash OFFSET ${atMost})`.execute(transaction)
      }),
    ),

  touchConsoleSession: (cookieHash, usedAt) =>
    askSystemDatabase(async () => {
      await database
        .updateTable('console_session')
        .set({ used_at: usedAt })
        .where('cookie_hash', '=', Buffer.from(cookieHash))
        .where('used_at', '<', usedAt)
        .execute()
    }),

  replaceAccessToken: (cookieHash, sealed, expiresAt) =>
    askSystemDatabase(async () => {
      await database
        .updateTable('console_session')
        .set({ access_token_encrypted: sealed, access_token_expires_at: expiresAt })
        .where('cookie_hash', '=', Buffer.from(cookieHash))
        .execute()
    }),

  removeConsoleSession: (cookieHash) =>
    askSystemDatabase(async () => {
      await database
        .deleteFrom('console_session')
        .where('cookie_hash', '=', Buffer.from(cookieHash))
        .execute()
    }),

  endBrowserSession: ({ workspaceId, identityId, browserSessionUid }) =>
    askSystemDatabase(() =>
      database.transaction().execute(async (transaction) => {
        await transaction
          .deleteFrom('oauth_record')
          .where('workspace_id', '=', workspaceId)
          .where('kind', '=', 'Session')
          .where('uid', '=', browserSessionUid)
          .where('identity_id', '=', identityId)
          .execute()
        await transaction
          .deleteFrom('console_session')
          .where('workspace_id', '=', workspaceId)
          .where('browser_session_uid', '=', browserSessionUid)
          .where('identity_id', '=', identityId)
          .execute()
      }),
    ),

  removeConsoleSessionsThatAreOver: ({ createdBefore, usedBefore, now }, atMost) =>
    askSystemDatabase(async () => {
      const removed = await sql`
          DELETE FROM console_session WHERE ctid = ANY (ARRAY(
            SELECT console.ctid FROM console_session AS console
            WHERE console.created_at < ${createdBefore} OR console.used_at < ${usedBefore} OR NOT EXISTS (
              SELECT FROM oauth_record AS browser
              WHERE browser.workspace_id = console.workspace_id AND browser.kind = 'Session'
                AND browser.uid = console.browser_session_uid
                AND (browser.expires_at IS NULL OR browser.expires_at > ${now}))
            LIMIT ${atMost} FOR UPDATE SKIP LOCKED
          ))`.execute(database)
      return Number(removed.numAffectedRows ?? 0n)
    }),
})

const toSession = (row: Row): FoundConsoleSession => ({
  cookieHash: row.cookie_hash,
  workspaceId: row.workspace_id as WorkspaceId,
  identityId: row.identity_id as IdentityId,
  browserSessionUid: row.browser_session_uid,
  signedInOutside: row.signed_in_outside,
  sealedAccessToken: row.access_token_encrypted,
  accessTokenExpiresAt: row.access_token_expires_at,
  sealedRefreshToken: row.refresh_token_encrypted,
  createdAt: row.created_at,
  usedAt: row.used_at,
  browserSessionExpiresAt: row.browser_session_expires_at ?? undefined,
})
