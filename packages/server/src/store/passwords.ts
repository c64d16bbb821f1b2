/** Passwords of users as hashes, and the links that set them. */
import type { SystemQueries } from './schema.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { NewSignInLink, PasswordStore } from '../operations/ports/passwords.ts'
import { endSessionsOf } from './oauth-records.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

export function createPasswordStore(database: SystemDatabase): PasswordStore {
  return {
    loadPasswordHash: (userId) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('user_password')
          .select('password_hash')
          .where('user_id', '=', userId)
          .executeTakeFirst()
        return row?.password_hash
      }),

    saveHash: (userId, hash, now) => askSystemDatabase(() => savePassword(database, userId, hash, now)),

    changePassword: (userId, hash, now, sessionUid) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          await savePassword(transaction, userId, hash, now)
          await endSessionsOf(transaction, userId, sessionUid)
        }),
      ),

    insertLink: (link) =>
      askSystemDatabase(() =>
        database.transaction().execute((transaction) => insertSignInLink(transaction, link)),
      ),

    findLink: (hash, now) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('sign_in_link')
          .innerJoin('identity', 'identity.id', 'sign_in_link.user_id')
          .select(['identity.id', 'identity.name'])
          .where('sign_in_link.token_hash', '=', Buffer.from(hash))
          .where('sign_in_link.expires_at', '>', now)
          .where('identity.active', '=', true)
          .executeTakeFirst()
        return row === undefined ? undefined : { id: row.id as IdentityId, name: row.name }
      }),

    usePasswordLink: (hash, passwordHash, now) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          // Deleting the link makes it work only once: if two callers use it together, one finds it gone.
          const used = await transaction
            .deleteFrom('sign_in_link')
            .where('token_hash', '=', Buffer.from(hash))
            .where('expires_at', '>', now)
            .returning('user_id')
            .executeTakeFirst()
          if (used === undefined) return false
          await savePassword(transaction, used.user_id as IdentityId, passwordHash, now)
          await endSessionsOf(transaction, used.user_id as IdentityId, undefined)
          return true
        }),
      ),
  }
}

async function savePassword(on: SystemQueries, userId: IdentityId, hash: string, now: Date): Promise<void> {
  await on
    .insertInto('user_password')
    .values({ user_id: userId, password_hash: hash, changed_at: now })
    .onConflict((conflict) =>
      conflict.column('user_id').doUpdateSet({ password_hash: hash, changed_at: now }),
    )
    .execute()
}

/** Call it within a transaction. A new link replaces the earlier ones, so only the last one that was sent works. */
export async function insertSignInLink(transaction: SystemQueries, link: NewSignInLink): Promise<void> {
  await transaction.deleteFrom('sign_in_link').where('user_id', '=', link.userId).execute()
  await transaction
    .insertInto('sign_in_link')
    .values({
      token_hash: link.hash,
      user_id: link.userId,
      created_at: link.createdAt,
      expires_at: link.expiresAt,
    })
    .execute()
}
