/** Signing keys and the certificate authority; private keys are stored only encrypted. */
import type {
  CertificateAuthorityStore,
  StoredCertificateAuthority,
} from '../operations/ports/certificates.ts'
import type { SigningKeyStore } from '../operations/ports/keys.ts'
import { sql } from 'kysely'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

export function createSigningKeyStore(database: SystemDatabase): SigningKeyStore {
  return {
    loadSigningKeys: () =>
      askSystemDatabase(async () => {
        const rows = await database
          .selectFrom('signing_key')
          .selectAll()
          .orderBy('created_at', 'desc')
          .execute()
        return rows.map((row) => ({
          kid: row.kid,
          publicJwk: row.public_jwk,
          encryptedPrivateKey: row.private_key_encrypted,
          createdAt: row.created_at,
          retiredAt: row.retired_at ?? undefined,
        }))
      }),

    insertSigningKey: (key, { onlyIfNone, retireAt }) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          // Two processes may start or rotate at the same time; only one current key must remain.
          await sql`LOCK TABLE signing_key IN EXCLUSIVE MODE`.execute(transaction)
          const current = transaction.selectFrom('signing_key').select('kid').where('retired_at', 'is', null)
          if (onlyIfNone && (await current.executeTakeFirst()) !== undefined) return
          await transaction
            .updateTable('signing_key')
            .set({ retired_at: retireAt })
            .where('retired_at', 'is', null)
            .execute()
          await transaction
            .insertInto('signing_key')
            .values({
              kid: key.kid,
              public_jwk: JSON.stringify(key.publicJwk),
              private_key_encrypted: key.encryptedPrivateKey,
              created_at: key.createdAt,
              retired_at: null,
            })
            .execute()
        }),
      ),
  }
}

/** Whether anything in this system database was encrypted under a master key. */
export const holdsEncryptedKeys = (database: SystemDatabase): Promise<boolean> =>
  askSystemDatabase(async () => {
    const keys = await database.selectFrom('signing_key').select('kid').limit(1).execute()
    const authorities = await database.selectFrom('certificate_authority').select('id').limit(1).execute()
    return keys.length + authorities.length > 0
  })

/** 1 signs the servers of Lakegate, 2 signs the gateway as a client of attached clusters. */
export type CertificateAuthorityNumber = 1 | 2

export function createCertificateAuthorityStore(
  database: SystemDatabase,
  id: CertificateAuthorityNumber = 1,
): CertificateAuthorityStore {
  const load = async (): Promise<StoredCertificateAuthority | undefined> => {
    const row = await database
      .selectFrom('certificate_authority')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    return row === undefined
      ? undefined
      : {
          certificatePem: row.certificate_pem,
          encryptedPrivateKey: row.private_key_encrypted,
          createdAt: row.created_at,
        }
  }
  return {
    loadCertificateAuthority: () => askSystemDatabase(load),
    insertCertificateAuthority: (authority) =>
      askSystemDatabase(async () => {
        await database
          .insertInto('certificate_authority')
          .values({
            id,
            certificate_pem: authority.certificatePem,
            private_key_encrypted: authority.encryptedPrivateKey,
            created_at: authority.createdAt,
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        const stored = await load()
        if (stored === undefined)
          throw new Error('the certificate authority that was just stored is not there')
        return stored
      }),
  }
}
