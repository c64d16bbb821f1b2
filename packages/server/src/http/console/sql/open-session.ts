/**
 * Opens a session for a person: a credential for that one instance, minted by the same operation as for everybody, then
 * a login through the gateway. Refusals on the way are passed on in their own words.
 */
import { randomBytes } from 'node:crypto'
import type { SqlClientFrame, SqlServerFrame } from '@lakegate/client'
import type { DatabaseInstance } from '../../../domain/database-instance.ts'
import type { WorkspaceId } from '../../../domain/ids.ts'
import type { MintCredential } from '../../../operations/credentials/mint-database-credential.ts'
import { refused, RefusedError } from '../../../operations/refused-error.ts'
import type { Caller } from '../../../policy/permissions.ts'
import { recognizeRefusal } from '../../../policy/recognize-refusal.ts'
import { toHttpRefusal, toPostgresRefusal } from '../../../policy/refusals.ts'
import { ERROR_FIELD } from '../../../protocol/message-types.ts'
import { GatewayUnreachable, LoginRefused, openBackendConnection } from './backend-connection.ts'
import { ConversationOver, type ErrorFields } from './conversation.ts'
import { LOGIN_SETTINGS } from './opening-query.ts'
import { createSqlSession, type Hello, type SessionPorts, type SqlSession } from './session.ts'

export interface OpeningPorts {
  readonly mint: MintCredential
  readonly findInstance: (workspaceId: WorkspaceId, name: string) => Promise<DatabaseInstance | undefined>
  /** Authorities, as PEM, whose certificates prove that a gateway is one. */
  readonly gatewayAuthorities: () => Promise<readonly string[]>
  /** The header that tells the gateway the address of the client. */
  readonly handOnAddress: (address: string, port: number) => Buffer | undefined
  /** Names of identities, in the order of the given ids. */
  readonly namesOf: (ids: readonly string[]) => Promise<readonly string[]>
}

export type OpenRequest = SqlClientFrame & { readonly type: 'open' }

export interface Browser {
  readonly address: string
  readonly port: number
}

export interface OpenedSession {
  readonly session: SqlSession
  readonly hello: Hello
}

/** PostgreSQL's own. */
const DEFAULT_PORT = 5432
const SESSION_KEY_BYTES = 32

/** @throws RefusedError, LoginRefused, GatewayUnreachable, ConversationOver, or the reason of the signal */
export async function openSqlSession(
  request: OpenRequest,
  caller: Caller,
  browser: Browser,
  ports: OpeningPorts,
  sessionPorts: SessionPorts,
  signal: AbortSignal,
): Promise<OpenedSession> {
  const { instance: name, database } = request
  const { token } = await ports.mint(caller, { instanceNames: [name], readTables: [] })
  const instance = await ports.findInstance(caller.workspaceId, name)
  if (instance === undefined) throw refused('instance_not_found', { name })
  const { host, port } = instance.listener
  const connection = await openBackendConnection(
    {
      gateway: { host, port: port ?? DEFAULT_PORT, ca: await ports.gatewayAuthorities() },
      preface: ports.handOnAddress(browser.address, browser.port),
      role: request.role ?? caller.identity.name,
      database,
      password: token,
      settings: LOGIN_SETTINGS,
    },
    signal,
  )
  const session = createSqlSession(connection, sessionPorts)
  try {
    const facts = await session.open(request.time_zone)
    if (!('role' in facts)) throw new LoginRefused(facts)
    signal.throwIfAborted()
    return {
      session,
      hello: {
        type: 'opened',
        session_key: randomBytes(SESSION_KEY_BYTES).toString('base64url'),
        process_id: connection.processId,
        instance: name,
        database: facts.database,
        role: facts.role,
        path: [...(await ports.namesOf(facts.path))],
        server_version: facts.serverVersion,
        time_zone: facts.timeZone,
      },
    }
  } catch (error) {
    session.end('ended_by_server')
    throw error
  }
}

/** The refusal as the browser reads it; undefined for a fault of ours. */
export function refusalFrame(error: unknown): (SqlServerFrame & { type: 'refused' }) | undefined {
  if (error instanceof LoginRefused) return { type: 'refused', refusal: refusalOf(error.fields) }
  if (error instanceof ConversationOver && error.fields !== undefined)
    return { type: 'refused', refusal: refusalOf(error.fields) }
  if (error instanceof GatewayUnreachable || error instanceof ConversationOver)
    return {
      type: 'refused',
      refusal: {
        name: 'gateway_unreachable',
        sqlstate: '08001',
        message:
          'The gateway of this database instance cannot be reached. Try again; the operator finds why in the log.',
      },
    }
  if (!(error instanceof RefusedError)) return undefined
  const { refusal } = error
  const postgres = toPostgresRefusal(refusal)
  const message = toHttpRefusal(refusal)?.message ?? postgres?.message
  return message === undefined ? undefined : { type: 'refused', refusal: { name: refusal.name, message } }
}

function refusalOf(fields: ErrorFields) {
  const [sqlstate, message] = [fields.get(ERROR_FIELD.sqlstate) ?? '', fields.get(ERROR_FIELD.message) ?? '']
  const [detail, hint] = [fields.get(ERROR_FIELD.detail), fields.get(ERROR_FIELD.hint)]
  return {
    name: recognizeRefusal({ sqlstate, message, detail }) ?? 'postgresql',
    sqlstate,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  }
}
