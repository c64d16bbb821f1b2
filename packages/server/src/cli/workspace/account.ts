/** `lakegate account …`: workspaces, who is in which, secrets, federation and OAuth applications (wire-contract §4.5). */
import {
  item,
  NOTHING,
  PAGE_FLAGS,
  type Argument,
  type Flag,
  type Operation,
  type OperationGroup,
} from './operation.ts'

const ACCOUNT = '/api/2.0/accounts/{account_id}'

const WORKSPACE: Argument = {
  name: 'WORKSPACE_ID',
  about: 'id of the workspace',
  to: 'path',
  field: 'workspace_id',
}

export const workspaces: OperationGroup = {
  operations: [
    {
      name: 'create',
      summary: 'create a workspace',
      method: 'POST',
      path: `${ACCOUNT}/workspaces`,
      flags: [
        { name: 'workspace-name', value: 'name', about: 'its name', to: 'body', field: 'workspace_name' },
        {
          name: 'deployment-name',
          value: 'name',
          about: 'the first label of its host name',
          to: 'body',
          field: 'deployment_name',
        },
      ],
      json: 'optional',
      answer: item('workspace_id'),
    },
    {
      name: 'get',
      summary: 'show a workspace',
      method: 'GET',
      path: `${ACCOUNT}/workspaces/{workspace_id}`,
      arguments: [WORKSPACE],
      answer: item('workspace_id'),
    },
    {
      name: 'list',
      summary: 'list the workspaces of the account',
      method: 'GET',
      path: `${ACCOUNT}/workspaces`,
      answer: {
        kind: 'list',
        paging: { by: 'none', items: undefined },
        columns: [
          { title: 'ID', field: 'workspace_id', colour: 'green' },
          { title: 'Name', field: 'workspace_name' },
          { title: 'Status', field: 'workspace_status' },
        ],
        quiet: 'workspace_id',
        isTableEverywhere: true,
      },
    },
    {
      name: 'delete',
      summary: 'delete a workspace',
      method: 'DELETE',
      path: `${ACCOUNT}/workspaces/{workspace_id}`,
      arguments: [WORKSPACE],
      answer: NOTHING,
    },
  ],
}

const ASSIGNMENTS = `${ACCOUNT}/workspaces/{workspace_id}/permissionassignments`
const PRINCIPAL: Argument = {
  name: 'PRINCIPAL_ID',
  about: 'id of a user, a group or a service principal',
  to: 'path',
  field: 'principal_id',
}

export const workspaceAssignment: OperationGroup = {
  operations: [
    {
      name: 'get',
      summary: 'show which permissions there are in a workspace',
      method: 'GET',
      path: `${ASSIGNMENTS}/permissions`,
      arguments: [WORKSPACE],
      answer: item('permissions.permission_level'),
    },
    {
      name: 'list',
      summary: 'list who is in a workspace, as what',
      method: 'GET',
      path: ASSIGNMENTS,
      arguments: [WORKSPACE],
      answer: {
        kind: 'list',
        paging: { by: 'none', items: 'permission_assignments' },
        columns: [
          { title: 'Principal ID', field: 'principal.principal_id', colour: 'green' },
          { title: 'Name', field: 'principal.display_name' },
          { title: 'Permissions', field: 'permissions' },
        ],
        quiet: 'principal.principal_id',
      },
    },
    {
      name: 'update',
      summary: 'put a principal into a workspace, with the permissions that --json names',
      method: 'PUT',
      path: `${ASSIGNMENTS}/principals/{principal_id}`,
      arguments: [WORKSPACE, PRINCIPAL],
      json: 'required',
      answer: item('principal.principal_id'),
    },
    {
      name: 'delete',
      summary: 'take a principal out of a workspace',
      method: 'DELETE',
      path: `${ASSIGNMENTS}/principals/{principal_id}`,
      arguments: [WORKSPACE, PRINCIPAL],
      answer: NOTHING,
    },
  ],
}

const POLICY: Argument = {
  name: 'POLICY_ID',
  about: 'id of the federation policy',
  to: 'path',
  field: 'policy_id',
}
const DESCRIPTION: Flag = {
  name: 'description',
  value: 'text',
  about: 'what the policy is for',
  to: 'body',
  field: 'description',
}
const NAME: Flag = {
  name: 'name',
  value: 'name',
  about: 'its resource name, which ends with its id; is not changed',
  to: 'body',
  field: 'name',
}
const UPDATE_MASK: Flag = {
  name: 'update-mask',
  value: 'fields',
  about: 'as in the databricks CLI; every field that is given is changed',
  to: 'query',
  field: 'update_mask',
}

/** @param before the arguments that say whose policies they are */
function policiesBelow(base: string, before: readonly Argument[]): OperationGroup {
  const path = `${base}/federationPolicies`
  const one = { path: `${path}/{policy_id}`, arguments: [...before, POLICY] }
  const operations: readonly Operation[] = [
    {
      name: 'create',
      summary: 'trust the tokens of an issuer, as oidc_policy in --json says',
      method: 'POST',
      path,
      arguments: before,
      flags: [
        DESCRIPTION,
        NAME,
        { name: 'policy-id', value: 'id', about: 'an id of your choice', to: 'query', field: 'policy_id' },
      ],
      json: 'required',
      answer: item('policy_id'),
    },
    {
      ...one,
      name: 'get',
      summary: 'show a federation policy',
      method: 'GET',
      answer: item('policy_id'),
    },
    {
      name: 'list',
      summary: 'list federation policies',
      method: 'GET',
      path,
      arguments: before,
      flags: PAGE_FLAGS,
      answer: {
        kind: 'list',
        paging: { by: 'token', items: 'policies' },
        columns: [
          { title: 'ID', field: 'policy_id', colour: 'green' },
          { title: 'Issuer', field: 'oidc_policy.issuer' },
          { title: 'Subject', field: 'oidc_policy.subject' },
          { title: 'Description', field: 'description' },
        ],
        quiet: 'policy_id',
      },
    },
    {
      ...one,
      name: 'update',
      summary: 'change a federation policy',
      method: 'PATCH',
      flags: [DESCRIPTION, NAME, UPDATE_MASK],
      json: 'optional',
      answer: item('policy_id'),
    },
    {
      ...one,
      name: 'delete',
      summary: 'delete a federation policy',
      method: 'DELETE',
      answer: NOTHING,
    },
  ]
  return { operations }
}

export const federationPolicy = policiesBelow(ACCOUNT, [])
export const servicePrincipalFederationPolicy = policiesBelow(
  `${ACCOUNT}/servicePrincipals/{service_principal_id}`,
  [
    {
      name: 'SERVICE_PRINCIPAL_ID',
      about: 'id of the service principal, not its application id',
      to: 'path',
      field: 'service_principal_id',
    },
  ],
)

const APPLICATIONS = `${ACCOUNT}/oauth2/custom-app-integrations`
const INTEGRATION: Argument = {
  name: 'INTEGRATION_ID',
  about: 'id of the application',
  to: 'path',
  field: 'integration_id',
}

export const customAppIntegration: OperationGroup = {
  operations: [
    {
      name: 'create',
      summary: 'register an OAuth application; a secret is shown once',
      method: 'POST',
      path: APPLICATIONS,
      flags: [
        { name: 'name', value: 'name', about: 'as people see it', to: 'body', field: 'name' },
        { name: 'confidential', about: 'it has a secret', to: 'body', field: 'confidential' },
      ],
      json: 'optional',
      answer: item('integration_id'),
    },
    {
      name: 'get',
      summary: 'show an OAuth application',
      method: 'GET',
      path: `${APPLICATIONS}/{integration_id}`,
      arguments: [INTEGRATION],
      answer: item('integration_id'),
    },
    {
      name: 'list',
      summary: 'list the OAuth applications of the account',
      method: 'GET',
      path: APPLICATIONS,
      flags: [
        {
          name: 'include-creator-username',
          about: 'as in the databricks CLI; here it changes nothing',
          to: 'query',
          field: 'include_creator_username',
          isHidden: true,
        },
        ...PAGE_FLAGS,
      ],
      answer: {
        kind: 'list',
        paging: { by: 'token', items: 'apps' },
        columns: [
          { title: 'ID', field: 'integration_id', colour: 'green' },
          { title: 'Name', field: 'name' },
          { title: 'Client ID', field: 'client_id' },
        ],
        quiet: 'integration_id',
      },
    },
    {
      name: 'update',
      summary: 'change an OAuth application',
      method: 'PATCH',
      path: `${APPLICATIONS}/{integration_id}`,
      arguments: [INTEGRATION],
      json: 'required',
      answer: NOTHING,
    },
    {
      name: 'delete',
      summary: 'delete an OAuth application',
      method: 'DELETE',
      path: `${APPLICATIONS}/{integration_id}`,
      arguments: [INTEGRATION],
      answer: NOTHING,
    },
  ],
}
