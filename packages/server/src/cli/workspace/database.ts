/** `lakegate database`: instances, credentials, roles, catalogs and tables (wire-contract §1). */
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

const INSTANCES = '/api/2.0/database/instances'
const ROLES = `${INSTANCES}/{instance_name}/roles`
const CATALOGS = '/api/2.0/database/catalogs'
const TABLES = '/api/2.0/database/tables'

const INSTANCE: Argument = {
  name: 'NAME',
  about: 'name of the database instance',
  to: 'path',
  field: 'name',
}
const OF_INSTANCE: Argument = { ...INSTANCE, name: 'INSTANCE_NAME', field: 'instance_name' }
const ROLE: Argument = { name: 'NAME', about: 'name of the role', to: 'path', field: 'name' }

const body = (flag: Omit<Flag, 'to' | 'field'>): Flag => ({
  ...flag,
  to: 'body',
  field: flag.name.replaceAll('-', '_'),
})

const INSTANCE_FLAGS: readonly Flag[] = [
  body({ name: 'capacity', value: 'sku', about: 'CU_1, CU_2, CU_4 or CU_8' }),
  body({ name: 'enable-pg-native-login', about: 'roles may have passwords of their own' }),
  body({ name: 'enable-readable-secondaries', about: 'secondaries serve what only reads' }),
  body({ name: 'node-count', value: 'number', kind: 'number', about: 'one primary and secondaries' }),
  body({
    name: 'retention-window-in-days',
    value: 'days',
    kind: 'number',
    about: 'how far back a restore may go',
  }),
  body({ name: 'stopped', about: 'the instance does not run' }),
  body({ name: 'usage-policy-id', value: 'id', about: 'usage policy of the instance' }),
]

const INSTANCE_COLUMNS: readonly FieldColumn[] = [
  { title: 'Name', field: 'name', colour: 'green' },
  { title: 'State', field: 'state' },
  { title: 'Capacity', field: 'effective_capacity' },
  { title: 'Host', field: 'read_write_dns', colour: 'cyan' },
  { title: 'Port', field: 'read_write_port' },
  { title: 'Creator', field: 'creator' },
]

const instances: readonly Operation[] = [
  {
    name: 'create-database-instance',
    summary: 'create a database instance, and wait until it is available',
    method: 'POST',
    path: INSTANCES,
    arguments: [{ ...INSTANCE, about: 'name of the new database instance', to: 'body' }],
    flags: INSTANCE_FLAGS,
    json: 'optional',
    answer: item('name'),
    waits: true,
  },
  {
    name: 'get-database-instance',
    summary: 'show a database instance',
    method: 'GET',
    path: `${INSTANCES}/{name}`,
    arguments: [INSTANCE],
    answer: item('name'),
  },
  {
    name: 'find-database-instance-by-uid',
    summary: 'show the database instance that has a uid',
    method: 'GET',
    path: `${INSTANCES}:findByUid`,
    flags: [{ name: 'uid', value: 'uid', about: 'uid of the instance', to: 'query', field: 'uid' }],
    answer: item('name'),
  },
  {
    name: 'list-database-instances',
    summary: 'list the database instances of the workspace',
    method: 'GET',
    path: INSTANCES,
    flags: PAGE_FLAGS,
    answer: {
      kind: 'list',
      paging: { by: 'token', items: 'database_instances' },
      columns: INSTANCE_COLUMNS,
      quiet: 'name',
    },
  },
  {
    name: 'update-database-instance',
    summary: 'change the fields of a database instance that the mask names',
    method: 'PATCH',
    path: `${INSTANCES}/{name}`,
    arguments: [
      INSTANCE,
      {
        name: 'UPDATE_MASK',
        about: 'fields to change, with commas between them',
        to: 'query',
        field: 'update_mask',
      },
    ],
    flags: INSTANCE_FLAGS,
    json: 'optional',
    answer: item('name'),
  },
  {
    name: 'delete-database-instance',
    summary: 'delete a database instance with all its data',
    method: 'DELETE',
    path: `${INSTANCES}/{name}`,
    arguments: [INSTANCE],
    flags: [
      {
        name: 'force',
        about: 'also when other instances were made from it',
        to: 'query',
        field: 'force',
      },
      { name: 'purge', about: 'deprecated: it is always purged', to: 'query', field: 'purge' },
    ],
    answer: NOTHING,
  },
  {
    name: 'generate-database-credential',
    summary: 'mint a credential, the password of a login, for instances that --json names',
    method: 'POST',
    path: '/api/2.0/database/credentials',
    flags: [body({ name: 'request-id', value: 'id', about: 'the same id may be asked again' })],
    json: 'optional',
    answer: item('token'),
  },
]

const roles: readonly Operation[] = [
  {
    name: 'create-database-instance-role',
    summary: 'create a role of an instance for an identity',
    method: 'POST',
    path: ROLES,
    arguments: [OF_INSTANCE, { ...ROLE, to: 'body' }],
    flags: [
      {
        name: 'database-instance-name',
        value: 'name',
        about: 'the instance once more',
        to: 'query',
        field: 'database_instance_name',
        isHidden: true,
      },
      body({
        name: 'identity-type',
        value: 'type',
        choices: ['GROUP', 'PG_ONLY', 'SERVICE_PRINCIPAL', 'USER'],
        about: 'what the name is that of',
      }),
      body({ name: 'instance-name', value: 'name', about: 'the instance once more', isHidden: true }),
      body({
        name: 'membership-role',
        value: 'role',
        choices: ['DATABRICKS_SUPERUSER'],
        about: 'a role that it is a member of',
      }),
    ],
    json: 'optional',
    answer: item('name'),
  },
  {
    name: 'get-database-instance-role',
    summary: 'show a role of an instance',
    method: 'GET',
    path: `${ROLES}/{name}`,
    arguments: [OF_INSTANCE, ROLE],
    answer: item('name'),
  },
  {
    name: 'list-database-instance-roles',
    summary: 'list the roles of an instance',
    method: 'GET',
    path: ROLES,
    arguments: [OF_INSTANCE],
    flags: PAGE_FLAGS,
    answer: {
      kind: 'list',
      paging: { by: 'token', items: 'database_instance_roles' },
      columns: [
        { title: 'Name', field: 'name', colour: 'green' },
        { title: 'Identity type', field: 'identity_type' },
        { title: 'Member of', field: 'membership_role' },
      ],
      quiet: 'name',
    },
  },
  {
    name: 'delete-database-instance-role',
    summary: 'delete a role of an instance',
    method: 'DELETE',
    path: `${ROLES}/{name}`,
    arguments: [OF_INSTANCE, ROLE],
    flags: [
      {
        name: 'allow-missing',
        about: 'done as well when there is no such role',
        to: 'query',
        field: 'allow_missing',
      },
      {
        name: 'reassign-owned-to',
        value: 'role',
        about: 'the role that gets what it owns',
        to: 'query',
        field: 'reassign_owned_to',
      },
    ],
    answer: NOTHING,
  },
]

const CATALOG: Argument = { name: 'NAME', about: 'name of the catalog', to: 'path', field: 'name' }
const CATALOG_BODY: readonly Argument[] = [
  {
    name: 'DATABASE_INSTANCE_NAME',
    about: 'name of the instance that has the database',
    to: 'body',
    field: 'database_instance_name',
  },
  { name: 'DATABASE_NAME', about: 'name of the database', to: 'body', field: 'database_name' },
]
const CATALOG_FLAGS: readonly Flag[] = [
  body({ name: 'create-database-if-not-exists', about: 'create the database, too' }),
]
const TABLE: Argument = { name: 'NAME', about: 'catalog.schema.table', to: 'path', field: 'name' }

const catalogs: readonly Operation[] = [
  {
    name: 'create-database-catalog',
    summary: 'give a database a name in claims of credentials',
    method: 'POST',
    path: CATALOGS,
    arguments: [{ ...CATALOG, to: 'body' }, ...CATALOG_BODY],
    flags: CATALOG_FLAGS,
    json: 'optional',
    answer: item('name'),
  },
  {
    name: 'get-database-catalog',
    summary: 'show a catalog',
    method: 'GET',
    path: `${CATALOGS}/{name}`,
    arguments: [CATALOG],
    answer: item('name'),
  },
  {
    name: 'list-database-catalogs',
    summary: 'list the catalogs of an instance',
    method: 'GET',
    path: `${INSTANCES}/{instance_name}/catalogs`,
    arguments: [OF_INSTANCE],
    flags: PAGE_FLAGS,
    answer: {
      kind: 'list',
      paging: { by: 'token', items: 'database_catalogs' },
      columns: [
        { title: 'Name', field: 'name', colour: 'green' },
        { title: 'Instance', field: 'database_instance_name' },
        { title: 'Database', field: 'database_name' },
      ],
      quiet: 'name',
    },
  },
  {
    name: 'update-database-catalog',
    summary: 'change a catalog',
    method: 'PATCH',
    path: `${CATALOGS}/{name}`,
    arguments: [
      CATALOG,
      { name: 'UPDATE_MASK', about: 'fields to change', to: 'query', field: 'update_mask' },
      ...CATALOG_BODY,
    ],
    flags: CATALOG_FLAGS,
    json: 'optional',
    answer: item('name'),
  },
  {
    name: 'delete-database-catalog',
    summary: 'remove a catalog; the database stays',
    method: 'DELETE',
    path: `${CATALOGS}/{name}`,
    arguments: [CATALOG],
    answer: NOTHING,
  },
  {
    name: 'create-database-table',
    summary: 'give a table a name in claims of credentials',
    method: 'POST',
    path: TABLES,
    arguments: [{ ...TABLE, to: 'body' }],
    flags: [
      body({ name: 'database-instance-name', value: 'name', about: 'the instance that has the table' }),
      body({ name: 'logical-database-name', value: 'name', about: 'the database that has the table' }),
    ],
    json: 'optional',
    answer: item('name'),
  },
  {
    name: 'get-database-table',
    summary: 'show a table',
    method: 'GET',
    path: `${TABLES}/{name}`,
    arguments: [TABLE],
    answer: item('name'),
  },
  {
    name: 'delete-database-table',
    summary: 'remove the name of a table; the table stays',
    method: 'DELETE',
    path: `${TABLES}/{name}`,
    arguments: [TABLE],
    answer: NOTHING,
  },
]

export const group: OperationGroup = { operations: [...instances, ...roles, ...catalogs] }
