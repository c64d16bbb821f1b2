/** Refusals of requests to the REST API. */
import type { RefusalDefinition } from './refusal-definition.ts'

export const REFUSALS_OF_REQUESTS = {
  // REST
  unauthenticated: {
    disclosure: 'anyone',
    http: {
      status: 401,
      errorCode: 'UNAUTHENTICATED',
      message: 'Credential was not sent or is not valid for this API. {reason}',
    },
  },
  console_session_over: {
    disclosure: 'anyone',
    http: {
      status: 401,
      errorCode: 'SESSION_OVER',
      message: 'This browser has no session of the console, or the session has ended. Sign in again.',
    },
  },
  console_request_forged: {
    disclosure: 'anyone',
    http: {
      status: 403,
      errorCode: 'PERMISSION_DENIED',
      message: 'The console takes changes from its own pages only: {problem}',
    },
  },
  too_many_sql_sessions: {
    disclosure: 'authenticated',
    http: {
      // Not 429, which SDKs repeat for minutes (wire-contract §5.3).
      status: 403,
      errorCode: 'PERMISSION_DENIED',
      message: 'Five sessions of the SQL editor are already open. Close one of its tabs, or end its session.',
    },
  },
  permission_denied: {
    disclosure: 'authenticated',
    http: { status: 403, errorCode: 'PERMISSION_DENIED', message: '{reason}' },
  },
  scope_insufficient: {
    disclosure: 'authenticated',
    http: {
      status: 403,
      errorCode: 'PERMISSION_DENIED',
      message: 'The access token lacks the required scope: {scopes}.',
    },
  },
  invalid_parameter: {
    disclosure: 'authenticated',
    http: { status: 400, errorCode: 'INVALID_PARAMETER_VALUE', message: '{field}: {problem}' },
  },
  malformed_request: {
    disclosure: 'anyone',
    http: { status: 400, errorCode: 'MALFORMED_REQUEST', message: '{problem}' },
  },
  plain_http_refused: {
    disclosure: 'anyone',
    http: {
      status: 403,
      errorCode: 'PERMISSION_DENIED',
      message:
        'Plain HTTP is accepted from this machine only, because passwords and tokens could be read on the way. Use {url}; a proxy that ends TLS must be listed in forwarded-for-from.',
    },
  },
  endpoint_not_found: {
    disclosure: 'anyone',
    http: { status: 404, errorCode: 'ENDPOINT_NOT_FOUND', message: 'No API found for {method} {path}.' },
  },
  instance_not_found: {
    disclosure: 'authenticated',
    http: { status: 404, errorCode: 'NOT_FOUND', message: 'DatabaseInstance not found: {name}' },
  },
  local_instances_refused: {
    disclosure: 'authenticated',
    http: {
      status: 403,
      errorCode: 'PERMISSION_DENIED',
      message:
        'This Lakegate makes no database instances of its own (local-instances is set to refuse). Attach an existing PostgreSQL cluster instead.',
    },
  },
  instance_already_exists: {
    disclosure: 'authenticated',
    http: { status: 409, errorCode: 'ALREADY_EXISTS', message: 'DatabaseInstance already exists: {name}' },
  },
  instance_state_conflict: {
    disclosure: 'authenticated',
    http: {
      status: 400,
      errorCode: 'INVALID_STATE',
      message: 'DatabaseInstance {name} is {state}; {problem}',
    },
  },
  catalog_entry_not_found: {
    disclosure: 'authenticated',
    http: { status: 404, errorCode: 'NOT_FOUND', message: 'No {kind} named {name} is registered.' },
  },
  catalog_entry_already_exists: {
    disclosure: 'authenticated',
    http: { status: 409, errorCode: 'ALREADY_EXISTS', message: '{name} is registered already.' },
  },
  claims_not_permitted: {
    disclosure: 'authenticated',
    // behaviour 9
    http: { status: 403, errorCode: 'PERMISSION_DENIED', message: '{problem}' },
  },
  identity_not_found: {
    disclosure: 'authenticated',
    postgres: {
      sqlstate: '22023',
      message: 'identity "{name}" of type {type} does not exist in the workspace',
    },
    http: { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST', message: '{type} {name} does not exist.' },
  },
  identity_already_exists: {
    disclosure: 'authenticated',
    http: { status: 409, errorCode: 'RESOURCE_ALREADY_EXISTS', message: '{type} {name} already exists.' },
  },
  identity_name_looks_taken: {
    disclosure: 'authenticated',
    // UTS 39; the message does not say which existing name it resembles
    http: {
      status: 409,
      errorCode: 'RESOURCE_ALREADY_EXISTS',
      message:
        '{type} {name} cannot be told from another one by its name. Choose a name that looks different.',
    },
  },
  version_conflict: {
    disclosure: 'authenticated',
    // RFC 7644 §3.14
    http: {
      status: 412,
      errorCode: 'ABORTED',
      message: '{type} {id} was changed by somebody else meanwhile. Read it again and repeat the change.',
    },
  },
  deleted_meanwhile: {
    disclosure: 'authenticated',
    http: {
      status: 409,
      errorCode: 'ABORTED',
      message:
        'Something that this request names was deleted meanwhile. Read it again, and repeat the request if it is still there.',
    },
  },
  workspace_not_found: {
    disclosure: 'authenticated',
    http: { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST', message: 'Workspace {id} does not exist.' },
  },
  workspace_already_exists: {
    disclosure: 'authenticated',
    http: { status: 409, errorCode: 'RESOURCE_ALREADY_EXISTS', message: 'Workspace {name} already exists.' },
  },
  workspace_in_use: {
    disclosure: 'authenticated',
    http: {
      status: 400,
      errorCode: 'INVALID_STATE',
      message: 'Workspace {id} has database instances. Delete them first.',
    },
  },
  token_not_found: {
    disclosure: 'authenticated',
    http: {
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
      message: 'Personal access token {id} does not exist.',
    },
  },
  instance_role_not_found: {
    disclosure: 'authenticated',
    http: {
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
      message: 'Role {role} does not exist on database instance {name}.',
    },
  },
  instance_role_already_exists: {
    disclosure: 'authenticated',
    http: {
      status: 409,
      errorCode: 'ALREADY_EXISTS',
      message: 'Role {role} already exists on database instance {name}.',
    },
  },
  instance_role_in_use: {
    disclosure: 'authenticated',
    http: {
      status: 400,
      errorCode: 'INVALID_STATE',
      message:
        'Role {role} cannot be dropped: {problem} Name a role in reassign_owned_to to take over what it owns.',
    },
  },
  system_role_taken: {
    disclosure: 'authenticated',
    http: {
      status: 400,
      errorCode: 'INVALID_STATE',
      message:
        'The role {role} of database instance {name} is not the one that Lakegate made; nothing is granted to it or by it. See status_message of the instance.',
    },
  },
  database_not_usable: {
    disclosure: 'authenticated',
    http: {
      status: 400,
      errorCode: 'INVALID_STATE',
      message:
        'The database {database} of database instance {name} takes no connections: {problem} Choose another name, or drop it and repeat.',
    },
  },
  template_database_in_use: {
    disclosure: 'authenticated',
    // Sessions in template1 end at some time; SDKs retry a 503 (wire-contract §5.3).
    http: {
      status: 503,
      errorCode: 'TEMPORARILY_UNAVAILABLE',
      message:
        'The database {database} cannot be created now, because template1, which it is copied from, is in use ({detail}). Close the sessions in template1 (SELECT pid, usename FROM pg_stat_activity WHERE datname = $$template1$$), or retry in a few seconds.',
    },
  },
  secret_not_found: {
    disclosure: 'authenticated',
    http: { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST', message: 'OAuth secret {id} does not exist.' },
  },
  saved_query_not_found: {
    disclosure: 'authenticated',
    http: { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST', message: 'Saved query {id} does not exist.' },
  },
  quota_exceeded: {
    disclosure: 'authenticated',
    // 400, because SDKs repeat a 429 for five minutes and a quota does not pass (wire-contract §5.3)
    http: { status: 400, errorCode: 'QUOTA_EXCEEDED', message: '{problem}' },
  },

  // Files of the workspace: statuses and codes as the Databricks CLI expects them.
  workspace_path_not_found: {
    disclosure: 'authenticated',
    http: { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST', message: "Path ({path}) doesn't exist." },
  },
  workspace_path_taken: {
    disclosure: 'authenticated',
    http: { status: 409, errorCode: 'RESOURCE_ALREADY_EXISTS', message: 'Path ({path}) already exists.' },
  },
  workspace_directory_not_empty: {
    disclosure: 'authenticated',
    http: {
      status: 400,
      errorCode: 'DIRECTORY_NOT_EMPTY',
      message: 'Folder ({path}) is not empty. Delete it with recursive set to true.',
    },
  },
  workspace_file_too_large: {
    disclosure: 'authenticated',
    http: {
      status: 400,
      errorCode: 'MAX_NOTEBOOK_SIZE_EXCEEDED',
      message: 'The file for {path} is larger than {limit}, which is the most that a file may have.',
    },
  },
  too_many_event_streams: {
    disclosure: 'authenticated',
    http: {
      status: 429,
      errorCode: 'REQUEST_LIMIT_EXCEEDED',
      message: 'There are too many open pages of the console: {whose}. Close some, or reload this one later.',
    },
  },
  too_many_transfers: {
    disclosure: 'authenticated',
    // SDKs retry it automatically (wire-contract §5.3); transfers that are under way end soon.
    http: {
      status: 429,
      errorCode: 'REQUEST_LIMIT_EXCEEDED',
      message: 'Too many large files are being transferred at the moment. Retry in a few seconds.',
    },
  },

  // Attached clusters: the administrative role lacks privileges (docs/attached-instances.md).
  administration_lacks_privilege: {
    disclosure: 'authenticated',
    http: { status: 403, errorCode: 'PERMISSION_DENIED', message: '{problem}' },
  },
} as const satisfies Record<string, RefusalDefinition>
