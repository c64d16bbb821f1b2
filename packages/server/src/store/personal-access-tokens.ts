/** Personal access tokens: found by the hash of the whole token, never readable again. */
import { sql } from 'kysely'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type {
  PersonalAccessTokenStore,
  StoredPersonalAccessToken,
} from '../operations/ports/personal-access-tokens.ts'
import { namedQuery } from './named-query.ts'
import { askSystemDatabase, askSystemDatabaseTogether, type SystemDatabase } from './system-database.ts'

interface TokenRow {
  readonly id: string
  readonly identity_id: string
  readonly workspace_id: string
  readonly comment: string
  readonly scopes: string[]
  readonly created_at: Date
  readonly created_by: string | null
  readonly expires_at: Date | null
  readonly owner_name: string
  readonly creator_name: string | null
}

/** Includes expired tokens. */
export const tokensQuery = ({ hashes }: { readonly hashes: readonly Buffer[] }) => sql<
  TokenRow & { readonly question: number }
>`
  SELECT asked.question::int, token.*, owner.owner_name, NULL AS creator_name
    FROM unnest(${hashes}::bytea[]) WITH ORDINALITY AS asked (token_hash, question)
    CROSS JOIN LATERAL (
      SELECT id, identity_id, workspace_id, comment, scopes, created_at, created_by, expires_at
        FROM personal_access_token WHERE token_hash = asked.token_hash OFFSET 0
    ) AS token
    CROSS JOIN LATERAL (
      SELECT name AS owner_name FROM identity WHERE identity.id = token.identity_id OFFSET 0
    ) AS owner`

export function createPersonalAccessTokenStore(database: SystemDatabase): PersonalAccessTokenStore {
  const select = () =>
    database
      .selectFrom('personal_access_token as token')
      .innerJoin('identity', 'identity.id', 'token.identity_id')
      .leftJoin('identity as creator', 'creator.id', 'token.created_by')
      .select([
        'token.id',
        'token.identity_id',
        'token.workspace_id',
        'token.comment',
        'token.scopes',
        'token.created_at',
        'token.created_by',
        'token.expires_at',
        'identity.name as owner_name',
        'creator.name as creator_name',
      ])

  const tokens = namedQuery(database, 'personal_access_tokens', ['hashes'], tokensQuery)
  const askForToken = askSystemDatabaseTogether({
    keyOf: (hash: Uint8Array) => Buffer.from(hash).toString('base64'),
    ask: (hashes) => tokens({ hashes: hashes.map((hash) => Buffer.from(hash)) }),
    answer: ([row]) => (row === undefined ? undefined : toToken(row)),
  })

  return {
    insertPersonalAccessToken: (token) =>
      askSystemDatabase(async () => {
        const id = await database.transaction().execute(async (transaction) => {
          // The lock on the owner makes counting and inserting atomic among concurrent callers.
          await transaction
            .selectFrom('identity')
            .select('id')
            .where('id', '=', token.identityId)
            .forUpdate()
            .execute()
          // Expired tokens are useless, and would pile up because every start issues one.
          await transaction
            .deleteFrom('personal_access_token')
            .where('identity_id', '=', token.identityId)
            .where('expires_at', '<=', token.createdAt)
            .execute()
          const { live } = await transaction
            .selectFrom('personal_access_token')
            .select((expression) => expression.fn.countAll<string>().as('live'))
            .where('identity_id', '=', token.identityId)
            .where('workspace_id', '=', token.workspaceId)
            .executeTakeFirstOrThrow()
          if (Number(live) >= token.atMost) return undefined
          const made = await transaction
            .insertInto('personal_access_token')
            .values({
              identity_id: token.identityId,
              workspace_id: token.workspaceId,
              token_hash: token.hash,
              comment: token.comment,
              scopes: sql`${[...token.scopes]}::text[]`,
              created_at: token.createdAt,
              created_by: token.createdBy,
              expires_at: token.expiresAt ?? null,
            })
            .returning('id')
            .executeTakeFirstOrThrow()
          return made.id
        })
        if (id === undefined) return undefined
        return toToken(await select().where('token.id', '=', id).executeTakeFirstOrThrow())
      }),

    async findPersonalAccessToken(hash, now) {
      const found = await askForToken(hash)
      return found?.expiresAt === undefined || found.expiresAt > now ? found : undefined
    },

    listPersonalAccessTokens: (workspaceId, identityId, now) =>
      askSystemDatabase(async () => {
        const rows = await select()
          .where('token.workspace_id', '=', workspaceId)
          .$if(identityId !== undefined, (query) => query.where('token.identity_id', '=', identityId ?? ''))
          .where((where) =>
            where.or([where('token.expires_at', 'is', null), where('token.expires_at', '>', now)]),
          )
          .orderBy('token.created_at')
          .orderBy('token.id')
          .execute()
        return rows.map(toToken)
      }),

    deletePersonalAccessToken: (workspaceId, id, identityId) =>
      askSystemDatabase(async () => {
        const result = await database
          .deleteFrom('personal_access_token')
          .where('workspace_id', '=', workspaceId)
          .where('id', '=', id)
          .$if(identityId !== undefined, (query) => query.where('identity_id', '=', identityId ?? ''))
          .executeTakeFirst()
        return result.numDeletedRows > 0n
      }),
  }
}

const toToken = (row: TokenRow): StoredPersonalAccessToken => ({
  id: row.id,
  identityId: row.identity_id as IdentityId,
  ownerName: row.owner_name,
  workspaceId: row.workspace_id as WorkspaceId,
  comment: row.comment,
  scopes: row.scopes,
  createdAt: row.created_at,
  // Tokens without a recorded creator are older; their owners made them.
  createdBy:
    row.created_by === null || row.created_by === row.identity_id
      ? { id: row.identity_id as IdentityId, name: row.owner_name }
      : { id: row.created_by as IdentityId, name: row.creator_name ?? undefined },
  expiresAt: row.expires_at ?? undefined,
})
