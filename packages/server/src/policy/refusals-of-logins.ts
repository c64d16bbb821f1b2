/** What a login is refused with, in the order in which it is asked. */
import type { RefusalDefinition } from './refusal-definition.ts'

const USE_TLS = 'Ensure that connection is using SSL. Try using `sslmode=require` in the connection string.'
const GET_A_TOKEN =
  'Use a database credential (POST /api/2.0/database/credentials) or an OAuth access token of the workspace as the password.'

export const REFUSALS_OF_LOGINS = {
  // Before the password: everybody may read these.
  tls_required: {
    disclosure: 'anyone',
    // vendor, behaviour 14
    postgres: {
      sqlstate: '08P01',
      message: 'Invalid protocol version. Protocol version: {protocolVersion}',
      detail: USE_TLS,
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
  },
  handshake_timeout: {
    disclosure: 'anyone',
    // vendor, behaviour 72
    postgres: {
      sqlstate: '08006',
      message: 'Client handshake timeout.',
      hint: 'A login must be complete within {seconds} seconds.',
    },
  },
  protocol_violation: {
    disclosure: 'anyone',
    postgres: { sqlstate: '08P01', message: 'Protocol violation: {violation}' },
  },
  unsupported_protocol_version: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '0A000',
      message: 'unsupported frontend protocol {version}: server supports 3.0 to 3.2',
      hint: 'Use a client of PostgreSQL 7.4 or later.',
    },
  },
  user_name_missing: {
    disclosure: 'anyone',
    postgres: { sqlstate: '28000', message: 'no PostgreSQL user name specified in startup packet' },
  },
  too_many_connections: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '53300',
      message: 'sorry, too many clients already',
      detail: 'The limit of {limit} connections is reached.',
      hint: 'Close connections that are not used, or share them through a pool.',
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
  },
  server_is_stopping: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '57P01',
      message: 'terminating connection due to administrator command',
      hint: 'The gateway is stopping. Reconnect.',
    },
  },

  // The proof itself. 28P01, so that clients which rotate the token on it do (lakebase-behaviour §1.5).
  token_not_decodable: {
    disclosure: 'anyone',
    // vendor, behaviour 25
    postgres: {
      sqlstate: '28P01',
      message:
        'Failed to decode token for role "{role}" and native postgres login was either not attempted due to configuration or failed.',
      hint: GET_A_TOKEN,
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
  },
  token_not_yet_valid: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '28P01',
      message: 'password authentication failed for user "{role}"',
      detail: 'The OAuth token is not valid before {notBefore}.',
      hint: 'Check the clock of the machine that issued the token.',
    },
  },

  // The token is genuine; from here on the caller may learn why it does not fit.
  token_of_another_workspace: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The token was issued by another workspace than the one that owns this database instance.',
      hint: 'Request the token from the workspace of the instance.',
    },
  },
  token_not_for_this_instance: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The token was issued for other database instances.',
      hint: 'Name this instance in instance_names when you generate the credential.',
    },
  },
  identity_inactive: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The identity of the token is deactivated or deleted.',
      hint: 'Ask an administrator of the account.',
    },
  },
  identity_not_in_workspace: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The identity of the token is not assigned to the workspace of this database instance.',
      hint: 'Ask an administrator to assign the identity to the workspace.',
    },
  },
  role_does_not_exist: {
    disclosure: 'token_holder',
    // vendor, behaviour 28
    postgres: {
      sqlstate: '28000',
      message: 'role "{role}" does not exist',
      hint: 'Role names are case-sensitive. Create the role with databricks_create_role.',
    },
  },
  role_not_bound: {
    disclosure: 'token_holder',
    // vendor, behaviour 27
    postgres: {
      sqlstate: '28000',
      message:
        'An oauth token was supplied but no role security label was configured in postgres for role "{role}"',
      hint: 'Drop the role and create it with databricks_create_role, or set its label.',
    },
  },
  role_cannot_log_in: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'role "{role}" is not permitted to log in',
      hint: 'ALTER ROLE … LOGIN permits it.',
    },
  },
  role_no_longer_valid: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'role "{role}" is not permitted to log in',
      detail: 'The role is past its VALID UNTIL.',
      hint: 'ALTER ROLE … VALID UNTIL extends it.',
    },
  },
  role_of_another_identity: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The role is bound to another identity than that of the token.',
      hint: 'Connect with your own role. If the identity was deleted and created again, the role must be created again too.',
    },
  },
  group_not_in_workspace: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The group of this role is not assigned to the workspace of the database instance.',
      hint: 'Ask an administrator to assign the group to the workspace.',
    },
  },
  not_a_member: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The identity of the token is not a direct or indirect member of the group.',
      hint: 'Ask for membership of the group; it is checked at every login.',
    },
  },
  group_no_longer_exists: {
    disclosure: 'token_holder',
    // A group of the same name that was made since is another one: names never decide where an id can.
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail:
        'The role is bound to a group that exists no more (id {id}); a group of that name that was made since is another one.',
      hint: "The owner of the database instance binds the role again: SELECT databricks_set_role_label('<role>', 'id=<id of the group>,type=GROUP').",
    },
  },
  claims_no_longer_hold: {
    disclosure: 'token_holder',
    // behaviour 9, asked again at every login
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The claims of the token no longer hold: {problem}',
      hint: 'Generate a credential without that table, or ask for SELECT on it.',
    },
  },
  claimed_table_not_open: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'The claims of the token cannot be opened for role "{role}"',
      detail: '{problem}',
      hint: 'The tables that the claims name must exist in the database, and so must the extension databricks_auth.',
    },
  },

  // Passwords of roles, and OAUTHBEARER.
  password_authentication_failed: {
    disclosure: 'anyone',
    // PostgreSQL's own words, for an unknown role too (attack 34); the unmodified CLI looks for them.
    postgres: {
      sqlstate: '28P01',
      message: 'password authentication failed for user "{role}"',
      // The same for every name: it may not tell whether there is such a role, nor what it has.
      hint: 'The role is asked for a password of its own. A token opens only roles that are bound to an identity.',
    },
  },
  channel_binding_failed: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '28000',
      message: 'SCRAM channel binding check failed',
      detail: '{problem}',
      hint: 'Somebody may sit between the client and the gateway. A TLS proxy in between cannot be passed with channel binding.',
    },
  },
  bearer_token_missing: {
    disclosure: 'anyone',
    // The answer to the first connection of a client that asks where tokens are to be had (RFC 7628 §4.3).
    postgres: {
      sqlstate: '28P01',
      message: 'OAuth bearer authentication failed for user "{role}"',
      detail: 'The client sent no token. It was told where to get one.',
      hint: 'With libpq 18: oauth_issuer={issuer} oauth_client_id=psql',
    },
  },
  too_many_failed_logins: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '53400',
      message: 'too many failed logins as role "{role}" from this address',
      detail: 'Passwords are not checked for this role and this address for another {seconds} seconds.',
      hint: 'Find out what logs in with a wrong password. Tokens, other roles and other addresses are not affected.',
    },
  },

  // Limits behind the proof.
  too_many_connections_of_role: {
    disclosure: 'token_holder',
    // PostgreSQL's own text for CONNECTION LIMIT
    postgres: {
      sqlstate: '53300',
      message: 'too many connections for role "{role}"',
      detail: 'The limit of {limit} connections per role is reached.',
      hint: 'Close connections that are not used, or share them through a pool.',
    },
  },
} as const satisfies Record<string, RefusalDefinition>
