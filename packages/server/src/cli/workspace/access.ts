/** `lakegate tokens`, `token-management`, `service-principal-secrets-proxy` and `permissions` (wire-contract §4.5). */
import {
  item,
  NOTHING,
  PAGE_FLAGS,
  type Argument,
  type FieldColumn,
  type Flag,
  type Operation,
  type OperationGroup,
} from './operation.ts'

const COMMENT: Flag = {
  name: 'comment',
  value: 'text',
  about: 'what the token is for',
  to: 'body',
  field: 'comment',
}
const LIFETIME: Flag = {
  name: 'lifetime-seconds',
  value: 'seconds',
  kind: 'number',
  about: 'how long the token is good',
  to: 'body',
  field: 'lifetime_seconds',
}
const TOKEN_ID: Argument = { name: 'TOKEN_ID', about: 'id of the token', to: 'path', field: 'token_id' }
const TOKEN_COLUMNS: readonly FieldColumn[] = [
  { title: 'ID', field: 'token_id', colour: 'green' },
  { title: 'Expiry time', field: 'expiry_time', colour: 'cyan', show: 'milliseconds' },
  { title: 'Comment', field: 'comment', colour: 'cyan' },
]

export const tokens: OperationGroup = {
  operations: [
    {
      name: 'create',
      summary: 'create a personal access token; it is shown once',
      method: 'POST',
      path: '/api/2.0/token/create',
      flags: [COMMENT, LIFETIME],
      json: 'optional',
      answer: item('token_value'),
    },
    {
      name: 'list',
      summary: 'list your personal access tokens',
      method: 'GET',
      path: '/api/2.0/token/list',
      answer: {
        kind: 'list',
        paging: { by: 'none', items: 'token_infos' },
        columns: TOKEN_COLUMNS,
        quiet: 'token_id',
        isTableEverywhere: true,
      },
    },
    {
      name: 'delete',
      summary: 'revoke one of your personal access tokens',
      method: 'POST',
      path: '/api/2.0/token/delete',
      arguments: [{ ...TOKEN_ID, to: 'body' }],
      json: 'optional',
      answer: NOTHING,
    },
  ],
}

const TOKEN_MANAGEMENT = '/api/2.0/token-management'

export const tokenManagement: OperationGroup = {
  operations: [
    {
      name: 'create-obo-token',
      summary: 'create a token on behalf of a service principal; it is shown once',
      method: 'POST',
      path: `${TOKEN_MANAGEMENT}/on-behalf-of/tokens`,
      arguments: [
        {
          name: 'APPLICATION_ID',
          about: 'application id of the service principal',
          to: 'body',
          field: 'application_id',
        },
      ],
      flags: [COMMENT, LIFETIME],
      json: 'optional',
      answer: item('token_value'),
    },
    {
      name: 'get',
      summary: 'show a token of anybody',
      method: 'GET',
      path: `${TOKEN_MANAGEMENT}/tokens/{token_id}`,
      arguments: [TOKEN_ID],
      answer: item('token_info.token_id'),
    },
    {
      name: 'list',
      summary: 'list the tokens of everybody',
      method: 'GET',
      path: `${TOKEN_MANAGEMENT}/tokens`,
      flags: [
        {
          name: 'created-by-id',
          value: 'id',
          about: 'those of the user with this id',
          to: 'query',
          field: 'created_by_id',
        },
        {
          name: 'created-by-username',
          value: 'name',
          about: 'those of this user',
          to: 'query',
          field: 'created_by_username',
        },
      ],
      answer: {
        kind: 'list',
        paging: { by: 'none', items: 'token_infos' },
        columns: [
          { title: 'ID', field: 'token_id', colour: 'green' },
          { title: 'Created By', field: 'created_by_username' },
          { title: 'Comment', field: 'comment' },
        ],
        quiet: 'token_id',
        isTableEverywhere: true,
      },
    },
    {
      name: 'delete',
      summary: 'revoke a token of anybody',
      method: 'DELETE',
      path: `${TOKEN_MANAGEMENT}/tokens/{token_id}`,
      arguments: [TOKEN_ID],
      answer: NOTHING,
    },
  ],
}

function secretsBelow(base: string): OperationGroup {
  const path = `${base}/servicePrincipals/{service_principal_id}/credentials/secrets`
  const of: Argument = {
    name: 'SERVICE_PRINCIPAL_ID',
    about: 'id of the service principal, not its application id',
    to: 'path',
    field: 'service_principal_id',
  }
  return {
    operations: [
      {
        name: 'create',
        summary: 'create a secret of a service principal; it is shown once',
        method: 'POST',
        path,
        arguments: [of],
        flags: [
          {
            name: 'lifetime',
            value: 'seconds',
            about: 'how long it is good: 3600s',
            to: 'body',
            field: 'lifetime',
          },
        ],
        json: 'optional',
        answer: item('secret'),
      },
      {
        name: 'list',
        summary: 'list the secrets of a service principal, without their values',
        method: 'GET',
        path,
        arguments: [of],
        flags: PAGE_FLAGS,
        answer: {
          kind: 'list',
          paging: { by: 'token', items: 'secrets' },
          columns: [
            { title: 'ID', field: 'id', colour: 'green' },
            { title: 'Status', field: 'status' },
            { title: 'Created', field: 'create_time' },
            { title: 'Expires', field: 'expire_time' },
          ],
          quiet: 'id',
        },
      },
      {
        name: 'delete',
        summary: 'delete a secret of a service principal',
        method: 'DELETE',
        path: `${path}/{secret_id}`,
        arguments: [of, { name: 'SECRET_ID', about: 'id of the secret', to: 'path', field: 'secret_id' }],
        answer: NOTHING,
      },
    ],
  }
}

export const secretsProxy = secretsBelow('/api/2.0/accounts')
export const accountSecrets = secretsBelow('/api/2.0/accounts/{account_id}')

const OBJECT = '/api/2.0/permissions/{request_object_type}/{request_object_id}'
const OBJECT_ARGUMENTS: readonly Argument[] = [
  {
    name: 'REQUEST_OBJECT_TYPE',
    about: 'database-instances, or directories',
    to: 'path',
    field: 'request_object_type',
  },
  {
    name: 'REQUEST_OBJECT_ID',
    about: 'name of the instance, or id of the directory',
    to: 'path',
    field: 'request_object_id',
  },
]
const changing = (name: string, method: 'PUT' | 'PATCH', summary: string): Operation => ({
  name,
  summary,
  method,
  path: OBJECT,
  arguments: OBJECT_ARGUMENTS,
  json: 'required',
  answer: item('object_id'),
})

export const permissions: OperationGroup = {
  operations: [
    {
      name: 'get',
      summary: 'show who may do what with an object',
      method: 'GET',
      path: OBJECT,
      arguments: OBJECT_ARGUMENTS,
      answer: item('object_id'),
    },
    {
      name: 'get-permission-levels',
      summary: 'show which permissions there are for an object',
      method: 'GET',
      path: `${OBJECT}/permissionLevels`,
      arguments: OBJECT_ARGUMENTS,
      answer: item('permission_levels.permission_level'),
    },
    changing('set', 'PUT', 'replace all permissions on an object'),
    changing('update', 'PATCH', 'add to the permissions on an object'),
  ],
}
