/**
 * `lakegate users`, `groups` and `service-principals`, of the workspace and, behind `account`, of the account (SCIM,
 * wire-contract §4.4). Lists show what those of the databricks CLI show.
 */
import {
  item,
  NOTHING,
  type Argument,
  type FieldColumn,
  type Flag,
  type Operation,
  type OperationGroup,
} from './operation.ts'

const WORKSPACE = '/api/2.0/preview/scim/v2'
const ACCOUNT = '/api/2.0/accounts/{account_id}/scim/v2'

interface Kind {
  readonly resource: 'Users' | 'Groups' | 'ServicePrincipals'
  readonly one: string
  readonly many: string
  readonly flags: readonly Flag[]
  readonly columns: readonly FieldColumn[]
  /** What a list asks for, unless `--attributes` says something else. */
  readonly attributes: string
}

const body = (name: string, field: string, value: string | undefined, about: string): Flag => ({
  name,
  about,
  to: 'body',
  field,
  ...(value === undefined ? {} : { value }),
})
const ACTIVE = body('active', 'active', undefined, 'may sign in')
const DISPLAY_NAME = body('display-name', 'displayName', 'name', 'as people see it')
const EXTERNAL_ID = body('external-id', 'externalId', 'id', 'id in another directory')
const ID = { ...body('id', 'id', 'id', 'id in this directory'), isHidden: true }

const IDENTITY: FieldColumn = { title: 'ID', field: 'id', colour: 'green' }
const GROUPS: FieldColumn = { title: 'Groups', field: 'groups', show: 'displays' }
const STATUS: FieldColumn = { title: 'Status', field: 'active', show: 'activity' }

const USERS: Kind = {
  resource: 'Users',
  one: 'user',
  many: 'users',
  flags: [
    ACTIVE,
    DISPLAY_NAME,
    EXTERNAL_ID,
    ID,
    body('user-name', 'userName', 'address', 'e-mail address: the name of the role'),
  ],
  columns: [IDENTITY, { title: 'User name', field: 'userName' }, GROUPS, STATUS],
  attributes: 'id,userName,groups,active',
}
const GROUP_KIND: Kind = {
  resource: 'Groups',
  one: 'group',
  many: 'groups',
  flags: [DISPLAY_NAME, EXTERNAL_ID, ID],
  columns: [IDENTITY, { title: 'Name', field: 'displayName' }],
  attributes: 'id,displayName',
}
const SERVICE_PRINCIPALS: Kind = {
  resource: 'ServicePrincipals',
  one: 'service principal',
  many: 'service principals',
  flags: [
    ACTIVE,
    body('application-id', 'applicationId', 'id', 'UUID: the name of the role'),
    DISPLAY_NAME,
    EXTERNAL_ID,
    ID,
  ],
  columns: [
    IDENTITY,
    { title: 'Application ID', field: 'applicationId' },
    { title: 'Name', field: 'displayName' },
    GROUPS,
    STATUS,
  ],
  attributes: '',
}

const listFlags = (attributes: string): readonly Flag[] => {
  const query = (name: string, field: string, value: string, about: string): Flag => ({
    name,
    value,
    about,
    to: 'query',
    field,
  })
  return [
    {
      ...query('attributes', 'attributes', 'names', 'what of each is returned, with commas between them'),
      ...(attributes === '' ? {} : { default: attributes }),
    },
    { ...query('count', 'count', 'number', 'most of them in one request'), kind: 'number' },
    query('excluded-attributes', 'excludedAttributes', 'names', 'what of each is left out'),
    query('filter', 'filter', 'filter', 'as in SCIM: userName eq "ada@example.com"'),
    query('sort-by', 'sortBy', 'attribute', 'by what they are sorted'),
    { ...query('sort-order', 'sortOrder', 'order', 'how'), choices: ['ascending', 'descending'] },
    { ...query('start-index', 'startIndex', 'number', 'the first one, from 1'), kind: 'number' },
  ]
}

function directoryOf(base: string, kind: Kind): OperationGroup {
  const { one, many, flags, columns } = kind
  const path = `${base}/${kind.resource}`
  const id: Argument = { name: 'ID', about: `id of the ${one}`, to: 'path', field: 'id' }
  const operations: readonly Operation[] = [
    {
      name: 'create',
      summary: `create a ${one}`,
      method: 'POST',
      path,
      flags,
      json: 'optional',
      answer: item('id'),
    },
    {
      name: 'get',
      summary: `show a ${one}`,
      method: 'GET',
      path: `${path}/{id}`,
      arguments: [id],
      answer: item('id'),
    },
    {
      name: 'list',
      summary: `list ${many}`,
      method: 'GET',
      path,
      flags: listFlags(kind.attributes),
      answer: {
        kind: 'list',
        paging: { by: 'startIndex' },
        columns,
        quiet: 'id',
        isTableEverywhere: true,
      },
    },
    {
      name: 'patch',
      summary: `change parts of a ${one}, as operations of SCIM say (RFC 7644 §3.5.2)`,
      method: 'PATCH',
      path: `${path}/{id}`,
      arguments: [id],
      json: 'required',
      answer: NOTHING,
    },
    {
      name: 'update',
      summary: `replace a ${one}`,
      method: 'PUT',
      path: `${path}/{id}`,
      arguments: [id],
      flags: flags.filter(({ name }) => name !== 'id'),
      json: 'optional',
      answer: NOTHING,
    },
    {
      name: 'delete',
      summary: `delete a ${one}`,
      method: 'DELETE',
      path: `${path}/{id}`,
      arguments: [id],
      answer: NOTHING,
    },
  ]
  return { operations }
}

export const users = directoryOf(WORKSPACE, USERS)
export const groups = directoryOf(WORKSPACE, GROUP_KIND)
export const servicePrincipals = directoryOf(WORKSPACE, SERVICE_PRINCIPALS)
export const accountUsers = directoryOf(ACCOUNT, USERS)
export const accountGroups = directoryOf(ACCOUNT, GROUP_KIND)
export const accountServicePrincipals = directoryOf(ACCOUNT, SERVICE_PRINCIPALS)

export const currentUser: OperationGroup = {
  operations: [
    {
      name: 'me',
      summary: 'show who you are, and your groups',
      method: 'GET',
      path: `${WORKSPACE}/Me`,
      answer: item('userName'),
    },
  ],
}
