/**
 * The first connection to an external system database at a start. An error names the host, the port, the database, the
 * user and the cause, but never the password. Later failures are handled elsewhere, because the database was usable
 * before.
 */
import pg from 'pg'
import { Fault } from '../domain/fault.ts'
import { clientConfigOf, type SystemDatabaseAddress } from './system-database.ts'

interface Cause {
  readonly codes: readonly string[]
  readonly what: string
  readonly nextStep: string
}

const RIGHT_URL = 'Make sure that LAKEGATE_DATABASE_URL names the right'

/** By SQLSTATE of PostgreSQL, or by error code of Node.js. */
const KNOWN_CAUSES: readonly Cause[] = [
  {
    codes: ['ECONNREFUSED', 'ENOENT'],
    what: 'nothing listens there',
    nextStep: `Make sure that PostgreSQL runs and listens there, and that LAKEGATE_DATABASE_URL names the right host and port.`,
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'],
    what: 'the host name is not known',
    nextStep: `${RIGHT_URL} host, and that this machine can resolve its name.`,
  },
  {
    codes: ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'],
    what: 'it does not answer in time',
    nextStep: `${RIGHT_URL} host and port, and that no firewall is in between.`,
  },
  {
    codes: ['ECONNRESET', 'EPIPE'],
    what: 'it closed the connection',
    nextStep: `${RIGHT_URL} port, and that PostgreSQL itself or its proxy answers there.`,
  },
  {
    codes: ['28P01', '28000'],
    what: 'it refuses this user',
    nextStep: `${RIGHT_URL} user and password, and that pg_hba.conf lets that user in from this machine.`,
  },
  {
    codes: ['3D000'],
    what: 'there is no such database',
    nextStep: 'Make it (CREATE DATABASE … OWNER …), or name another in LAKEGATE_DATABASE_URL.',
  },
  {
    codes: ['42501'],
    what: 'the user may not connect to it',
    nextStep: 'Make the user the owner of the database (ALTER DATABASE … OWNER TO …).',
  },
  {
    codes: ['53300'],
    what: 'it accepts no more connections',
    nextStep: 'Raise its max_connections, or end other connections.',
  },
  {
    codes: ['57P03'],
    what: 'it is starting up or shutting down',
    nextStep: 'Start Lakegate again when it accepts connections.',
  },
]

/** For errors of TLS: OpenSSL and Node.js have a code for each of the many causes. */
const TLS = /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO|SSL|TLS/
const OF_TLS: Omit<Cause, 'codes'> = {
  what: 'TLS with it fails',
  nextStep:
    'Compare sslmode and sslrootcert in LAKEGATE_DATABASE_URL with the certificate that the server presents.',
}
const UNKNOWN: Omit<Cause, 'codes'> = {
  what: 'the connection to it fails',
  nextStep: `${RIGHT_URL} host, port, database and user.`,
}

/** @throws Fault system_database_unreachable, system_database_read_only */
export async function reachSystemDatabase(address: SystemDatabaseAddress): Promise<void> {
  const client = openClient(address)
  const where = describe(client)
  // `connect` or the query reports the error as well.
  client.on('error', () => undefined)
  let isStandby: boolean
  try {
    await client.connect()
    const { rows } = await client.query<{ standby: boolean }>(
      'SELECT pg_catalog.pg_is_in_recovery() AS standby',
    )
    isStandby = rows[0]?.standby === true
  } catch (cause) {
    throw unreachable(where, cause)
  } finally {
    await client.end().catch(() => undefined)
  }
  if (!isStandby) return
  throw new Fault({
    code: 'system_database_read_only',
    origin: 'configuration',
    message: `The system database ${where} is a standby, which is read-only.`,
    nextStep: 'Name the primary in LAKEGATE_DATABASE_URL.',
  })
}

/** The driver reads the files that the URL names (sslrootcert and the like) when it parses the URL. */
function openClient(address: SystemDatabaseAddress): pg.Client {
  try {
    return new pg.Client(clientConfigOf(address))
  } catch (cause) {
    throw new Fault({
      code: 'configuration_invalid',
      origin: 'configuration',
      // Its message may contain the URL, and so the password; only a system error, which names a file, is safe to show.
      message: `The setting database-url cannot be used${cause instanceof Error && 'syscall' in cause ? `: ${cause.message}` : ''}.`,
      nextStep: 'Set LAKEGATE_DATABASE_URL to, for example, postgres://lakegate@db.example.com/lakegate.',
    })
  }
}

const describe = ({ host, port, database, user }: pg.Client): string =>
  `at ${host} port ${String(port)} (database ${database ?? ''}, user ${user ?? ''})`

function unreachable(where: string, cause: unknown): Fault {
  const { code, said } = read(cause)
  const known =
    KNOWN_CAUSES.find(({ codes }) => codes.includes(code)) ?? (TLS.test(`${code} ${said}`) ? OF_TLS : UNKNOWN)
  return new Fault({
    code: 'system_database_unreachable',
    origin: 'store',
    message: `The system database ${where} cannot be used: ${known.what} (${said.includes(code) ? said : `${code}: ${said}`}).`,
    nextStep: known.nextStep,
    retryable: true,
  })
}

/** For a host with several addresses, Node.js reports one error per address and no message for all of them. */
function read(cause: unknown): { readonly code: string; readonly said: string } {
  if (!(cause instanceof Error)) return { code: '', said: String(cause) }
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const isTimeout = /timeout/i.test(cause.message)
  return { code: code === '' && isTimeout ? 'ETIMEDOUT' : code, said: cause.message }
}
