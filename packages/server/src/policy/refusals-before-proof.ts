/** Refusals of a login before it has proved anything, in the order of the checks. */
import type { RefusalDefinition } from './refusal-definition.ts'

const USE_TLS = 'Ensure that connection is using SSL. Try using `sslmode=require` in the connection string.'
const GET_A_TOKEN =
  'Use a database credential (POST /api/2.0/database/credentials) or an OAuth access token of the workspace as the password.'

export const REFUSALS_BEFORE_PROOF = {
  // Before the password: anyone may read these.
  tls_required: {
    disclosure: 'anyone',
    // vendor, behaviour 14
    postgres: {
      sqlstate: '08P01',
      message: 'Invalid protocol version. Protocol version: {protocolVersion}',
      detail: USE_TLS,
    },
    explained: {
      meaning:
        'The client did not ask for TLS, or fell back to a connection without it. Lakegate reads no login without TLS, so that no token crosses the network in clear.',
      whoCanChange: 'Whoever configures the client.',
      steps: [
        'Put sslmode=require, or verify-full with the CA file, into the connection string.',
        'If the client cannot use TLS, put a pooler that can in front of it.',
      ],
    },
  },
  server_name_missing: {
    disclosure: 'anyone',
    // vendor, behaviour 15
    postgres: {
      sqlstate: '08006',
      message: 'Connection does not have SNI.',
      detail: 'Please upgrade your client to support SNI.',
      hint: 'Connect to the host that the instance reports as read_write_dns.',
    },
    explained: {
      meaning:
        'Several database instances share the address, and the client did not say in TLS which one it means.',
      whoCanChange: 'Whoever configures the client.',
      steps: [
        'Connect to the host name of read_write_dns, not to its address.',
        'Upgrade the client: libpq sends the name from version 14 on.',
      ],
    },
  },
  instance_not_reachable: {
    disclosure: 'anyone',
    // vendor, behaviour 16; the reason is appended as the real gateway does
    postgres: {
      sqlstate: '28000',
      message: 'External authorization failed.',
      detail:
        'This could be due to paused instances, disabling readable secondaries, IP ACLs or private link configuration. {reason}',
      hint: 'See the state of the instance with `databricks database get-database-instance`.',
    },
    explained: {
      meaning:
        'The database instance is not running, so nobody can log in. Nothing is wrong with the token or the role.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: [
        'Look at the state of the instance.',
        'Start it if it is stopped, or wait until it is AVAILABLE.',
        'Connect again; the same token works until it expires.',
      ],
    },
  },
  handshake_timeout: {
    disclosure: 'anyone',
    // vendor, behaviour 72
    postgres: {
      sqlstate: '08006',
      message: 'Client handshake timeout.',
      hint: 'A login must be complete within {seconds} seconds.',
    },
    explained: {
      meaning:
        'The connection was opened, but the login did not finish in time. Often a person was still typing the password, or the network lost data.',
      whoCanChange: 'Whoever runs the client or the network.',
      steps: [
        'Have the token at hand before the client connects, as in PGPASSWORD.',
        'Look for firewalls and proxies between client and gateway.',
      ],
    },
  },
  protocol_violation: {
    disclosure: 'anyone',
    postgres: { sqlstate: '08P01', message: 'Protocol violation: {violation}' },
    explained: {
      meaning: 'The client sent something that the PostgreSQL protocol does not allow at this point.',
      whoCanChange: 'Whoever wrote the client, or put something between it and the gateway.',
      steps: [
        'Check that the port is that of PostgreSQL, and that no HTTP proxy is in between.',
        'Try psql from the same place.',
      ],
    },
  },
  unsupported_protocol_version: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '0A000',
      message: 'unsupported frontend protocol {version}: server supports 3.0 to 3.2',
      hint: 'Use a client of PostgreSQL 7.4 or later.',
    },
    explained: {
      meaning:
        'The client speaks a version of the protocol that PostgreSQL no longer supports, or does not support yet.',
      whoCanChange: 'Whoever configures the client.',
      steps: [
        'Upgrade the client or its driver.',
        'Leave min_protocol_version and max_protocol_version at their defaults.',
      ],
    },
  },
  user_name_missing: {
    disclosure: 'anyone',
    postgres: { sqlstate: '28000', message: 'no PostgreSQL user name specified in startup packet' },
    explained: {
      meaning: 'The client named no role. PostgreSQL calls it the user of a connection.',
      whoCanChange: 'Whoever configures the client.',
      steps: ['Put user=<role> into the connection string.'],
    },
  },
  too_many_connections: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '53300',
      message: 'sorry, too many clients already',
      detail: 'The limit of {limit} connections is reached.',
      hint: 'Close connections that are not used, or share them through a pool.',
    },
    explained: {
      meaning:
        'As many connections are open as the limit allows. Connections that have not finished their login count too.',
      whoCanChange: 'The operator, and whoever keeps connections open without using them.',
      steps: [
        'End sessions that nobody uses.',
        'Use the pooled endpoint for many short sessions.',
        'Ask the operator to raise the limit.',
      ],
    },
  },
  facts_unavailable: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '57P03',
      message: 'The login cannot be checked at the moment.',
      detail: '{reason}',
      hint: 'Retry in a few seconds. Open sessions are not affected.',
    },
    http: { status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE', message: '{reason} Retry in a few seconds.' },
    explained: {
      meaning:
        'The facts that decide about the login could not be read at that moment, and Lakegate lets nobody in on a guess.',
      whoCanChange: 'The operator.',
      steps: [
        'Connect again in a few seconds.',
        'If it keeps happening, ask the operator to look into the log of Lakegate.',
      ],
    },
  },
  server_is_stopping: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '57P01',
      message: 'terminating connection due to administrator command',
      hint: 'The gateway is stopping. Reconnect.',
    },
    explained: {
      meaning: 'The gateway was being stopped or restarted while the login was under way.',
      whoCanChange: 'The operator.',
      steps: ['Connect again.'],
    },
  },

  // The proof itself. SQLSTATE 28P01, because some clients fetch a new token when they get it (behaviour 18).
  token_not_decodable: {
    disclosure: 'anyone',
    // vendor, behaviour 25
    postgres: {
      sqlstate: '28P01',
      message:
        'Failed to decode token for role "{role}" and native postgres login was either not attempted due to configuration or failed.',
      hint: GET_A_TOKEN,
    },
    explained: {
      meaning:
        'The password that was sent is not a token of this server. Often a part of it is missing, a quote or a blank was copied with it, or it is the password of a role while native login is off.',
      whoCanChange: 'Whoever logs in.',
      steps: [
        'Get a new token: Get OAuth Token on the page of the database instance.',
        'Copy it whole, without quotes and blanks.',
        'For a role with a password of its own, have a manager enable Postgres Native Role Login.',
      ],
    },
  },
  personal_access_token_as_password: {
    disclosure: 'anyone',
    // vendor message, behaviour 25
    postgres: {
      sqlstate: '28P01',
      message:
        'Failed to decode token for role "{role}" and native postgres login was either not attempted due to configuration or failed.',
      detail:
        'The password looks like a personal access token, which is good for the REST API but never for PostgreSQL.',
      hint: GET_A_TOKEN,
    },
    explained: {
      meaning:
        'A personal access token is for the REST API. It does not open a database, so that a token that leaks from a script does not also open the data.',
      whoCanChange: 'Whoever logs in.',
      steps: [
        'Get a database credential with it: POST /api/2.0/database/credentials.',
        'Use the token of that answer as the password.',
      ],
    },
  },
  token_not_for_postgres: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '28P01',
      message:
        'Failed to decode token for role "{role}" and native postgres login was either not attempted due to configuration or failed.',
      detail: 'The token is genuine, but of a kind or scope that does not open a database session.',
      hint: GET_A_TOKEN,
    },
    explained: {
      meaning: 'The token is genuine, but it was issued for something else.',
      whoCanChange: 'Whoever logs in.',
      steps: [
        'Ask for the scope postgres or all-apis when you get an access token.',
        'Or get a database credential for this instance.',
      ],
    },
  },
  token_expired: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '28P01',
      message: 'password authentication failed for user "{role}"',
      detail: 'The OAuth token expired at {expiredAt}.',
      hint: 'Request a new token and connect again. Open sessions are not affected.',
    },
    http: {
      status: 401,
      errorCode: 'UNAUTHENTICATED',
      message: 'The access token expired at {expiredAt}. Request a new one.',
    },
    explained: {
      meaning:
        'A token is valid for one hour. It is checked when a session opens; open sessions are not affected.',
      whoCanChange: 'Whoever logs in.',
      steps: ['Get a new token.', 'In programs, get a new one for each new connection.'],
    },
  },
  token_not_yet_valid: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '28P01',
      message: 'password authentication failed for user "{role}"',
      detail: 'The OAuth token is not valid before {notBefore}.',
      hint: 'Check the clock of the machine that issued the token.',
    },
    explained: {
      meaning: 'By the clock of the gateway, the token is not valid yet.',
      whoCanChange: 'The operator of the machines.',
      steps: [
        'Compare the clocks of the issuing and the connecting machine.',
        'Switch time synchronisation on.',
      ],
    },
  },
} as const satisfies Record<string, RefusalDefinition>
