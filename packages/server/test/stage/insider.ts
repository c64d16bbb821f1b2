/**
 * What only somebody with the data directory can do: sign tokens with the real key, and change the directory of
 * identities below every API. So tests reach states that no honest path leads to, such as an expired token, without
 * waiting for them.
 */
import path from 'node:path'
import { SignJWT } from 'jose'
import { createKeyEncryption } from '../../src/keys/key-encryption.ts'
import { loadMasterKey } from '../../src/keys/master-key.ts'
import { createSigningKeys } from '../../src/keys/signing-keys.ts'
import { createSigningKeyStore } from '../../src/store/signing-keys.ts'
import { openSystemDatabase, type SystemDatabase } from '../../src/store/system-database.ts'
import type { Lakegate } from './lakegate.ts'

export interface Insider {
  readonly database: SystemDatabase
  /**
   * A genuine credential of this identity for the first instance, except for what is given. `header` and `claims`
   * replace; times are in seconds from now.
   */
  sign(identityId: string, changes?: TokenChanges): Promise<string>
  close(): Promise<void>
}

export interface TokenChanges {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly issuedInSeconds?: number
  readonly expiresInSeconds?: number
}

export async function openInsider(lakegate: Lakegate): Promise<Insider> {
  const { ready, dataDirectory } = lakegate
  const database = openSystemDatabase(
    {
      kind: 'socket',
      directory: path.join(dataDirectory, 'system', 'socket'),
      user: 'cloud_admin',
      database: 'lakegate',
    },
    () => undefined,
  )
  const keys = createSigningKeys({
    store: createSigningKeyStore(database),
    encryption: createKeyEncryption(await loadMasterKey(path.join(dataDirectory, 'master.key'))),
    clock: () => new Date(),
  })
  return {
    database,
    async sign(identityId, changes = {}) {
      const { kid, privateKey } = await keys.signingKey()
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        iss: `${ready.http_url}/oidc`,
        sub: identityId,
        aud: `urn:lakegate:database:${ready.workspace_id}`,
        jti: crypto.randomUUID(),
        iat: now + (changes.issuedInSeconds ?? 0),
        exp: now + (changes.expiresInSeconds ?? 3600),
        workspace_id: ready.workspace_id,
        scope: 'postgres',
        instances: [ready.instance.uid],
      }
      return new SignJWT({ ...claims, ...changes.claims })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'database-credential+jwt', ...changes.header })
        .sign(privateKey)
    },
    close: () => database.destroy(),
  }
}
