/** Refusals of a login whose token is genuine, and those for passwords and OAUTHBEARER. */
import type { RefusalDefinition } from './refusal-definition.ts'

export const REFUSALS_OF_LOGINS = {
  // The token is genuine; from here on the caller may learn why it is not accepted.
  token_of_another_workspace: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The token was issued by another workspace than the one that owns this database instance.',
      hint: 'Request the token from the workspace of the instance.',
    },
    explained: {
      meaning:
        'Each workspace issues its own tokens, and they open the database instances of that workspace only.',
      whoCanChange: 'Whoever logs in.',
      steps: ['Sign in at the address of the workspace that owns the instance.', 'Get the token there.'],
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
    explained: {
      meaning: 'A database credential names the instances that it opens, and this one is not among them.',
      whoCanChange: 'Whoever logs in.',
      steps: ['Name this instance in instance_names when you get the credential.'],
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
    explained: {
      meaning: 'The user or service principal was deactivated or deleted after the token was issued.',
      whoCanChange: 'An administrator of the workspace or the account.',
      steps: [
        'Ask an administrator to activate the identity.',
        'If it was deleted, it has to be created again, and its roles too.',
      ],
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
    explained: {
      meaning:
        'The identity is not, or no longer, assigned to the workspace of this database instance, either directly or through a group.',
      whoCanChange: 'An administrator of the workspace.',
      steps: ['Ask an administrator to assign the identity, or a group that it is in, to the workspace.'],
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
    explained: {
      meaning:
        'There is no role of exactly this name in the database instance. Names are compared letter by letter.',
      whoCanChange: 'Whoever manages the database instance; with CAN USE you can create your own role.',
      steps: [
        'Compare the spelling, capitals included.',
        'Create the role on the page Roles, or with databricks_create_role.',
      ],
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
    explained: {
      meaning:
        'The role exists, but it belongs to no identity: it was made with CREATE ROLE. A token opens only roles that are bound to an identity.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: [
        'Drop the role and create it again on the page Roles, or with databricks_create_role.',
        'Or give it a password, and enable Postgres Native Role Login.',
      ],
    },
  },
  role_cannot_log_in: {
    disclosure: 'token_holder',
    postgres: {
      sqlstate: '28000',
      message: 'role "{role}" is not permitted to log in',
      hint: 'ALTER ROLE … LOGIN permits it.',
    },
    explained: {
      meaning: 'The role is NOLOGIN, or it is a superuser. Nobody can log in as a superuser.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: [
        'ALTER ROLE … LOGIN permits it.',
        'Instead of a superuser, use a role that is a member of databricks_superuser.',
      ],
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
    explained: {
      meaning: 'The VALID UNTIL of the role has passed.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: ['ALTER ROLE … VALID UNTIL extends it; infinity removes the limit.'],
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
    explained: {
      meaning:
        'The role belongs to somebody else. An identity that was deleted and created again counts as a different one, even under the same name.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: [
        'Log in with your own role, or with that of a group that you are in.',
        'If the role was yours before your identity was deleted and created again, have the role dropped and created again.',
      ],
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
    explained: {
      meaning:
        'The role belongs to a group that is not, or no longer, assigned to the workspace of this database instance.',
      whoCanChange: 'An administrator of the workspace.',
      steps: ['Ask an administrator to assign the group to the workspace.'],
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
    explained: {
      meaning:
        'The role belongs to a group, and the identity is not a member of it, either directly or through other groups. Membership is checked at every login.',
      whoCanChange: 'Whoever manages the group.',
      steps: [
        'Ask to be added to the group, or to a group inside it.',
        'Connect again; no new token is needed.',
      ],
    },
  },
  group_no_longer_exists: {
    disclosure: 'token_holder',
    // A group with the same name that was created later is a different one: a name never decides where an id can.
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail:
        'The role is bound to a group that no longer exists (id {id}); a group that was created later under the same name is a different one.',
      hint: "The owner of the database instance binds the role again: SELECT databricks_set_role_label('<role>', 'id=<id of the group>,type=GROUP').",
    },
    explained: {
      meaning:
        'The role belongs to a group that was deleted. A group that was created later under the same name is a different one.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: ['Bind the role to an existing group, or drop it and create it again.'],
    },
  },
  claims_no_longer_hold: {
    disclosure: 'token_holder',
    // behaviour 9, checked again at every login
    postgres: {
      sqlstate: '28000',
      message: 'OAuth authentication failed for role "{role}"',
      detail: 'The claims of the token no longer hold: {problem}',
      hint: 'Generate a credential without that table, or ask for SELECT on it.',
    },
    explained: {
      meaning:
        'The credential names tables that its sessions may read. The right to read one of them, or the table itself, no longer exists.',
      whoCanChange: 'Whoever registered the table, or manages its database instance.',
      steps: ['Get a credential without that table.', 'Or ask for SELECT on it.'],
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
    explained: {
      meaning:
        'The credential names a table that its sessions may read, and this could not be set up in the database.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: [
        'Check that the table is there, in this database.',
        'CREATE EXTENSION databricks_auth in that database.',
      ],
    },
  },

  // Passwords of roles, and OAUTHBEARER.
  password_authentication_failed: {
    disclosure: 'anyone',
    // PostgreSQL's own message, also for an unknown role (attack 34); the unmodified CLI looks for it.
    postgres: {
      sqlstate: '28P01',
      message: 'password authentication failed for user "{role}"',
      // The same for every name: it must not reveal whether the role exists, or how it may log in.
      hint: 'The role is asked for a password of its own. A token opens only roles that are bound to an identity.',
    },
    explained: {
      meaning:
        'The role has to log in with its own password, and the password that was sent is wrong. The answer is the same for a role that does not exist.',
      whoCanChange: 'Whoever logs in; a new password is set by whoever manages the database instance.',
      steps: [
        'Check name and password.',
        'With a token, use a role that is bound to an identity: a token opens no other.',
        'A manager sets a new password with ALTER ROLE … PASSWORD.',
      ],
    },
  },
  channel_binding_failed: {
    disclosure: 'anyone',
    postgres: {
      sqlstate: '28000',
      message: 'SCRAM channel binding check failed',
      detail: '{problem}',
      hint: 'Something between the client and the gateway may end TLS and read along. Channel binding does not work through a TLS proxy.',
    },
    explained: {
      meaning:
        'The client and the gateway do not see the same TLS connection. Something in between ends TLS, and could read along.',
      whoCanChange: 'Whoever runs the network between client and gateway.',
      steps: [
        'Find out what ends TLS on the way.',
        'If it is meant to be there, set channel_binding=disable in the client.',
      ],
    },
  },
  bearer_token_missing: {
    disclosure: 'anyone',
    // The answer to the first connection of a client that asks where tokens are issued (RFC 7628 §4.3).
    postgres: {
      sqlstate: '28P01',
      message: 'OAuth bearer authentication failed for user "{role}"',
      detail: 'The client sent no token. It was told where to get one.',
      hint: 'With libpq 18: oauth_issuer={issuer} oauth_client_id=psql',
    },
    explained: {
      meaning:
        'The client asked where to get a token, and was told. Clients with libpq 18 get one there by themselves and connect again.',
      whoCanChange: 'Whoever configures the client.',
      steps: [
        'Give oauth_issuer and oauth_client_id in the connection string.',
        'Or use a token as the password.',
      ],
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
    explained: {
      meaning:
        'Too many wrong passwords were sent for this role from this address, so no password is checked for a while. This stops guessing.',
      whoCanChange: 'Nobody needs to: it ends by itself.',
      steps: ['Find the program that has a wrong password.', 'Wait, or log in with a token meanwhile.'],
    },
  },

  // Limits that are checked after the proof.
  too_many_connections_of_role: {
    disclosure: 'token_holder',
    // PostgreSQL's own text for CONNECTION LIMIT
    postgres: {
      sqlstate: '53300',
      message: 'too many connections for role "{role}"',
      detail: 'The limit of {limit} connections per role is reached.',
      hint: 'Close connections that are not used, or share them through a pool.',
    },
    explained: {
      meaning: 'The role has a CONNECTION LIMIT, and that many sessions of it are open.',
      whoCanChange: 'Whoever manages the database instance.',
      steps: ['End sessions of the role that nobody uses.', 'ALTER ROLE … CONNECTION LIMIT raises it.'],
    },
  },
} as const satisfies Record<string, RefusalDefinition>
