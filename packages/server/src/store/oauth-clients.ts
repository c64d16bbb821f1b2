/** OAuth applications that an administrator registered (custom app integrations). */
import type { Selectable } from 'kysely'
import type { AccountId, IdentityId } from '../domain/ids.ts'
import type { OAuthClient, OAuthClientStore } from '../operations/ports/oauth.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

export function createOAuthClientStore(database: SystemDatabase): OAuthClientStore {
  return {
    insertOAuthClient: (client) =>
      askSystemDatabase(async () => {
        await database.insertInto('oauth_client').values(toRow(client)).execute()
      }),

    findOAuthClient: (clientId) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('oauth_client')
          .selectAll()
          .where('client_id', '=', clientId)
          .executeTakeFirst()
        return row === undefined ? undefined : toClient(row)
      }),

    listOAuthClients: (accountId) =>
      askSystemDatabase(async () => {
        const rows = await database
          .selectFrom('oauth_client')
          .selectAll()
          .where('account_id', '=', accountId)
          .orderBy('created_at')
          .orderBy('integration_id')
          .execute()
        return rows.map(toClient)
      }),

    changeOAuthClient: (accountId, integrationId, decide) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          const row = await transaction
            .selectFrom('oauth_client')
            .selectAll()
            .where('account_id', '=', accountId)
            .where('integration_id', '=', integrationId)
            .forUpdate()
            .executeTakeFirst()
          if (row === undefined) return false
          const client = decide(toClient(row))
          await transaction
            .updateTable('oauth_client')
            .set({
              name: client.name,
              redirect_urls: [...client.redirectUrls],
              scopes: [...client.scopes],
              access_token_ttl_minutes: client.accessTokenTtlMinutes,
              refresh_token_ttl_minutes: client.refreshTokenTtlMinutes,
              single_use_refresh_tokens: client.hasSingleUseRefreshTokens,
              session_lifetime_minutes: client.sessionLifetimeMinutes ?? null,
            })
            .where('client_id', '=', client.clientId)
            .execute()
          return true
        }),
      ),

    deleteOAuthClient: (accountId, integrationId) =>
      askSystemDatabase(async () => {
        const result = await database
          .deleteFrom('oauth_client')
          .where('account_id', '=', accountId)
          .where('integration_id', '=', integrationId)
          .executeTakeFirst()
        return result.numDeletedRows > 0n
      }),
  }
}

const toRow = (client: OAuthClient) => ({
  client_id: client.clientId,
  integration_id: client.integrationId,
  account_id: client.accountId,
  name: client.name,
  secret_hash: client.secretHash ?? null,
  redirect_urls: [...client.redirectUrls],
  scopes: [...client.scopes],
  access_token_ttl_minutes: client.accessTokenTtlMinutes,
  refresh_token_ttl_minutes: client.refreshTokenTtlMinutes,
  single_use_refresh_tokens: client.hasSingleUseRefreshTokens,
  session_lifetime_minutes: client.sessionLifetimeMinutes ?? null,
  created_by: client.createdBy,
  created_at: client.createdAt,
})

const toClient = (row: Selectable<SystemSchema['oauth_client']>): OAuthClient => ({
  clientId: row.client_id,
  integrationId: row.integration_id,
  accountId: row.account_id as AccountId,
  name: row.name,
  secretHash: row.secret_hash ?? undefined,
  redirectUrls: row.redirect_urls,
  scopes: row.scopes,
  accessTokenTtlMinutes: row.access_token_ttl_minutes,
  refreshTokenTtlMinutes: row.refresh_token_ttl_minutes,
  hasSingleUseRefreshTokens: row.single_use_refresh_tokens,
  sessionLifetimeMinutes: row.session_lifetime_minutes ?? undefined,
  createdBy: row.created_by as IdentityId,
  createdAt: row.created_at,
})
