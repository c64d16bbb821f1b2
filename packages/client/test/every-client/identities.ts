/**
 * Who logs in where: a service principal, and a group that it is a member of, each with a role in the first instance of a
 * Lakegate and the right to a table of orders; and what tokens they have, honest ones and those that a test wants.
 */
import { readFile } from 'node:fs/promises'
import type { DatabaseCredential, ScimGroup } from '@lakegate/client'
import type { InstanceConnection } from '../../src/connection.ts'
import { createTokenSource } from '../../src/tokens/create-token-source.ts'
import type { Token, TokenSource } from '../../src/tokens/token-source.ts'
import { openInsider, type Insider } from '../../../server/test/stage/insider.ts'
import type { Lakegate } from '../../../server/test/stage/lakegate.ts'
import {
  asOwner,
  createPrincipalWithRole,
  type TestServicePrincipal,
} from '../../../server/test/stage/service-principal.ts'

export interface Identities {
  readonly principal: TestServicePrincipal
  /** Its name is the name of its role. */
  readonly group: string
  /** Where the service principal logs in, as itself unless another role is named. */
  connection(credentials: TokenSource, role?: string): InstanceConnection
  /** Credentials that Lakegate mints, an hour long. */
  minted(): TokenSource
  /** Genuine credentials that live for seconds, signed with the key of the installation: Lakegate mints them for an hour only. */
  shortLived(seconds: number): WatchedTokens
  /** An expired one. */
  expired(): Promise<string>
  close(): Promise<void>
}

export interface WatchedTokens extends TokenSource {
  /** Every token that there was. */
  readonly made: readonly Token[]
  /** Those that a driver gave back: a server refused them, or they were too old for a connection. */
  readonly refused: readonly string[]
}

export async function createIdentities(lakegate: Lakegate): Promise<Identities> {
  const { instance, ca_file } = lakegate.ready
  const ca = await readFile(ca_file, 'utf8')
  const principal = await createPrincipalWithRole(lakegate, 'libraries')
  const group = `Libraries ${crypto.randomUUID()}`
  await lakegate.admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', {
    displayName: group,
    members: [{ value: principal.id }],
  })
  await asOwner(lakegate, async (owner) => {
    await owner.query('SELECT databricks_create_role($1, $2)', [group, 'GROUP'])
    await owner.query('CREATE TABLE IF NOT EXISTS orders (number int PRIMARY KEY)')
    await owner.query(`GRANT SELECT, INSERT ON orders TO "${principal.applicationId}", "${group}"`)
  })
  const insider: Insider = await openInsider(lakegate)
  return {
    principal,
    group,
    connection: (credentials, role = principal.applicationId) => ({
      host: instance.host,
      port: instance.port,
      database: instance.database,
      user: role,
      ca,
      credentials,
    }),
    minted: () =>
      watched(async () => {
        const { token, expiration_time } = await principal.http.request<DatabaseCredential>(
          'POST',
          '/api/2.0/database/credentials',
          { request_id: crypto.randomUUID(), instance_names: [instance.name] },
        )
        return { value: token, expiresAt: new Date(expiration_time) }
      }),
    shortLived: (seconds) =>
      watched(async () => {
        const value = await insider.sign(principal.id, { expiresInSeconds: seconds })
        return { value, expiresAt: expiryOf(value) }
      }),
    expired: () => insider.sign(principal.id, { issuedInSeconds: -3600, expiresInSeconds: -1 }),
    close: () => insider.close(),
  }
}

/** The token source of the library, watched. */
export function watched(make: () => Promise<Token>): WatchedTokens {
  const made: Token[] = []
  const refused: string[] = []
  const source = createTokenSource(async () => {
    const token = await make()
    made.push(token)
    return token
  })
  return {
    made,
    refused,
    token: (options) => source.token(options),
    refuse(value) {
      refused.push(value)
      source.refuse(value)
    },
    close: () => source.close(),
  }
}

function expiryOf(token: string): Date {
  const [, payload = ''] = token.split('.')
  const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp: number }
  return new Date(exp * 1000)
}
