/**
 * What becomes of a client's startup message at the gateway: all of it goes there as it is, but for the user and the database
 * where the client names none.
 */
import { decodeUtf8 } from '../../../protocol/frame.ts'
import { lastValue, type StartupMessage, type StartupParameter } from '../../../protocol/startup.ts'
import { RefusedClient } from './local-client.ts'

export interface ProxiedRole {
  /** The role for clients that name none. */
  readonly user: string
  /** Whether it was chosen with `--as`, so that no other one is taken. */
  readonly isFixed: boolean
  /** The database for clients that name none. */
  readonly database: string
}

export interface Destination {
  readonly parameters: readonly StartupParameter[]
  readonly user: string
  readonly database: string
  /** As the client calls itself. */
  readonly application: string | undefined
}

/** @throws RefusedClient when the client names another user than the role that was chosen */
export function destinationOf(message: StartupMessage, role: ProxiedRole): Destination {
  const named = textOf(message, 'user')
  const user = named ?? role.user
  if (role.isFixed && user !== role.user)
    throw new RefusedClient({
      severity: 'FATAL',
      sqlstate: '28000',
      message: `lakegate proxy logs in as role "${role.user}", and the client asks for "${user}"`,
      hint: `Set the user of the client to ${role.user}, or start the proxy without --as.`,
    })
  const database = textOf(message, 'database')
  // libpq and others send the name of the user where nobody chose a database.
  const chosen = database === undefined || database === named ? role.database : database
  return {
    parameters: [
      ...message.parameters.filter(({ name }) => name !== 'user' && name !== 'database'),
      { name: 'user', value: Buffer.from(user) },
      ...(isReplication(message) && database === undefined
        ? []
        : [{ name: 'database', value: Buffer.from(chosen) }]),
    ],
    user,
    database: chosen,
    application: textOf(message, 'application_name'),
  }
}

/** Undefined for an empty one too, as in PostgreSQL. @throws RefusedClient when it is not UTF-8 */
function textOf(message: StartupMessage, name: string): string | undefined {
  const value = lastValue(message, name)
  if (value === undefined || value.length === 0) return undefined
  const text = decodeUtf8(value)
  if (text !== undefined) return text
  throw new RefusedClient({
    severity: 'FATAL',
    sqlstate: '22021',
    message: `the ${name} of the startup message is not UTF-8`,
  })
}

/** A connection for physical replication has no database. */
const isReplication = (message: StartupMessage): boolean => {
  const value = textOf(message, 'replication')
  return value !== undefined && /^(?:true|on|yes|1)$/i.test(value)
}
