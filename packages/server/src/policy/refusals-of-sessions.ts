/** Refusals inside a session: by a SQL function, and by the pooled endpoint. */
import type { RefusalDefinition } from './refusal-definition.ts'

export const REFUSALS_OF_SESSIONS = {
  // databricks_create_role (behaviours 20, 33, 36): returned to the SQL function, which raises them as errors.
  session_not_by_identity: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '28000',
      message:
        'databricks_create_role needs a session that was opened with the token of a Databricks identity',
      hint: 'Log in with an OAuth token; sessions of a native password or of the pooled endpoint cannot create such roles.',
    },
  },
  session_identity_inactive: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '28000',
      message:
        'the identity with whose token this session was opened is deactivated, deleted or no longer in the workspace',
      hint: 'Ask an administrator of the workspace.',
    },
  },
  identity_type_unknown: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '22023',
      message: 'unknown identity type "{type}"',
      hint: 'Use USER, SERVICE_PRINCIPAL or GROUP.',
    },
  },
  session_token_expired: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '28000',
      message: 'the OAuth token with which this session was opened has expired',
      detail: 'The token expired at {expiredAt}; this command needs an unexpired one.',
      hint: 'Connect again with a new token and repeat the command.',
    },
  },

  // For a pooled login, with PostgreSQL's own messages: a direct login gets them from PostgreSQL itself.
  database_does_not_exist: {
    disclosure: 'token_holder',
    postgres: { sqlstate: '3D000', message: 'database "{database}" does not exist' },
    explained: {
      meaning: 'There is no database of exactly this name in the database instance.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: [
        'Compare the spelling, capitals included.',
        'The first database is databricks_postgres.',
        'CREATE DATABASE makes another.',
      ],
    },
  },
  database_invalid: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '55000',
      message: 'cannot connect to invalid database "{database}"',
      hint: 'Use DROP DATABASE to drop invalid databases.',
    },
    explained: {
      meaning: 'A DROP DATABASE was interrupted. The rest of the database can only be dropped.',
      whoCanChange: 'The owner of the database.',
      steps: ['Drop the database with DROP DATABASE, and create it again.'],
    },
  },
  database_takes_no_connections: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '55000',
      message: 'database "{database}" is not currently accepting connections',
    },
    explained: {
      meaning: 'The owner of the database closed it, or it is a template.',
      whoCanChange: 'The owner of the database.',
      steps: ['Connect to another database.', 'ALTER DATABASE … ALLOW_CONNECTIONS true opens it.'],
    },
  },
  connect_not_granted: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '42501',
      message: 'permission denied for database "{database}"',
      detail: 'User does not have CONNECT privilege.',
    },
    explained: {
      meaning: 'The role may log in to the database instance, but not to this database.',
      whoCanChange: 'The owner of the database.',
      steps: ['GRANT CONNECT ON DATABASE … TO the role.', 'Or connect to another database.'],
    },
  },
  too_many_connections_of_database: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '53300',
      message: 'too many connections for database "{database}"',
      detail: 'Its CONNECTION LIMIT is {limit}.',
      hint: 'Close connections that are not used, or ALTER DATABASE … CONNECTION LIMIT.',
    },
    explained: {
      meaning: 'The database has a CONNECTION LIMIT, and that many sessions of it are open.',
      whoCanChange: 'The owner of the database.',
      steps: ['End sessions in it that nobody uses.', 'ALTER DATABASE … CONNECTION LIMIT raises it.'],
    },
  },

  // The pooled endpoint.
  claims_not_pooled: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '0A000',
      message: 'role "{role}" cannot use a credential with claims at the pooled endpoint',
      hint: 'Connect to the host that the instance reports as read_write_dns.',
    },
    explained: {
      meaning:
        'A credential with claims opens one backend for one session. At the pooled endpoint sessions share backends.',
      whoCanChange: 'Whoever logs in.',
      steps: ['Connect to the direct endpoint, read_write_dns.'],
    },
  },
  replication_not_pooled: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '0A000',
      message: 'replication connections are not possible at the pooled endpoint',
      hint: 'Connect to the host that the instance reports as read_write_dns.',
    },
    explained: {
      meaning: 'A replication connection needs a backend of its own, and the pooled endpoint gives none.',
      whoCanChange: 'Whoever configures the client.',
      steps: ['Connect to the direct endpoint, read_write_dns.'],
    },
  },
  // Change data capture.
  physical_replication_refused: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '42501',
      message: 'physical replication and base backups are not possible through Lakegate',
      detail: 'They copy all databases of the instance and the password verifiers of all roles.',
      hint: 'For change data capture connect with replication=database and use logical slots; the operator makes backups.',
    },
  },
  replication_not_enabled: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '55000',
      message: 'logical replication is not enabled on database instance "{name}"',
      detail: 'It needs wal_level = logical.',
      hint: 'Ask whoever manages the instance to set enable_logical_replication; the instance then restarts.',
    },
    explained: {
      meaning: 'The instance does not write the information that logical replication needs.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: [
        'Set enable_logical_replication; the instance restarts.',
        'Connect again when it is AVAILABLE.',
      ],
    },
  },
  replication_not_attached: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '0A000',
      message: 'replication connections to attached database instances are not possible through Lakegate',
      detail: 'What they may read is decided by the cluster, which somebody else runs.',
      hint: 'Connect to the cluster itself, as a role that its administrator made for that.',
    },
    explained: {
      meaning: 'What a replication connection may read is decided by the cluster, which somebody else runs.',
      whoCanChange: 'Whoever runs the cluster.',
      steps: ['Connect to the cluster itself, as a role made for that.'],
    },
  },
  claims_not_replicated: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '42501',
      message: 'role "{role}" cannot use a credential with claims for replication',
      detail: 'A replication slot reads every change of the database, whatever tables the claims name.',
      hint: 'Use a credential without claims.',
    },
    explained: {
      meaning: 'Claims open single tables; a replication slot reads every change of the database.',
      whoCanChange: 'Whoever logs in.',
      steps: ['Get a credential without claims.'],
    },
  },
  pool_exhausted: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '53300',
      message: 'no backend of the pool became free within {seconds} seconds',
      detail:
        'At most {limit} backends serve the sessions of one identity with the same role, database and startup parameters; {kept} of them are kept for sessions with state that cannot be moved to another backend.',
      hint: 'Keep transactions short, raise pool-size, or use the direct endpoint for long ones.',
    },
  },
  role_not_the_same: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'role "{role}" is no longer the role that this session logged in as',
      detail: 'It was dropped, renamed or created again since the login.',
      hint: 'Log in again.',
    },
  },
  database_not_the_same: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '3D000',
      message: 'database "{database}" is no longer the database that this session logged in to',
      detail: 'It was dropped or renamed since the login, and another one has its name.',
      hint: 'Log in again.',
    },
  },
  pooled_backend_lost: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '08006',
      message: 'the backend ended in the middle of a transaction',
      hint: 'Connect again and repeat the transaction; whether it was committed is not known.',
    },
  },
  pooled_state_not_kept: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '53400',
      message: 'other sessions need the backend that holds state of this session which cannot be moved',
      detail:
        'The session holds: {held}. No more than {limit} backends of the pool are kept for such sessions.',
      hint: 'Use the direct endpoint for this, or raise pool-size.',
    },
  },
  pooled_state_lost: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '08006',
      message: 'the backend that held settings or other state of this session ended',
      hint: 'Connect again.',
    },
  },
  pooled_setting_refused: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '55000',
      message: 'a setting of this session cannot be applied in another backend',
      detail: 'PostgreSQL said: {reason}',
      hint: 'Connect again, or use the direct endpoint.',
    },
  },
  pooled_session_ended: {
    disclosure: 'token_holder',
    postgres: { sqlstate: '57P01', message: 'terminating connection due to administrator command' },
  },
} as const satisfies Record<string, RefusalDefinition>
