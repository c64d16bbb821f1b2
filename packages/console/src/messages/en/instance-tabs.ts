/** Texts of the tabs of an instance: roles, sessions, metrics, catalogs, check a login. */
import { plural } from '../message.ts'

const number = (value: number) => new Intl.NumberFormat('en').format(value)

const roles = {
  label: 'Roles',
  filter: 'Filter by role or identity',
  type: 'Type',
  types: {
    USER: 'User',
    SERVICE_PRINCIPAL: 'Service principal',
    GROUP: 'Group',
    PG_ONLY: 'Password only',
  },
  columns: { role: 'Role', identity: 'Identity', superuser: 'Superuser', sessions: 'Sessions' },
  passwordOnly: 'password only (native)',
  gone: 'Identity deleted: nobody can log in',
  goneTitle: (id: string) => `No identity of the id ${id} is in this workspace any more.`,
  has: (attribute: string) => `has ${attribute}`,
  add: 'Add role',
  addMine: 'Add my role',
  addedMine: (role: string) => `Role ${role} added. You can sign in with a token now.`,
  empty: 'No roles yet. A role lets an identity, or the members of a group, sign in to PostgreSQL.',
  notAvailable: (state: string) =>
    `Roles live in PostgreSQL. They can be seen and changed when the instance is available. State: ${state}.`,
  added: (role: string) => `Role ${role} added.`,
  changed: (role: string) => `Role ${role} changed.`,
  dropped: (role: string) => `Role ${role} dropped.`,
  tabs: { identity: 'Identity', password: 'Password', bind: 'Bind an existing role' },
  waysToAdd: 'How the role signs in',
  principal: 'Principal',
  choosePrincipal: 'Choose a user, a group or a service principal.',
  namedExactly: (name: string) => `The role will be named exactly ${name}. Names are case-sensitive.`,
  asGroup: 'Every member of the group, direct or nested, can sign in as this role.',
  attributes: 'System role and attributes',
  superuser: 'databricks_superuser',
  meanings: {
    superuser:
      'Reads and writes all data, and may become every role of the instance. It is no PostgreSQL superuser.',
    createdb: 'Creates databases, and owns those.',
    createrole: 'Creates roles in SQL, and changes those that it made.',
    bypassrls: 'Row security policies do not hold for it.',
    replication: 'Follows every change of a database (change data capture).',
  },
  superuserWarning:
    'Whoever signs in as this role reads and changes all data of the instance. Of a group: every member does.',
  bypassrlsWarning: 'This role sees and changes rows that row security hides from everybody else.',
  passwordWarning:
    'A password does not expire, is not tied to a person, and does not end when somebody leaves. Use it for programs that cannot renew a token each hour.',
  roleName: 'Role name',
  roleNameHint: 'At most 63 bytes. Case-sensitive.',
  nameMissing: 'Type a name.',
  nameTooLong: 'Longer than the 63 bytes of a role name.',
  passwordMade:
    'A password of 20 characters is made in your browser and hashed there; the server gets the hash only.',
  passwordNotHashed:
    'This page has no secure context, so the server hashes the password; PostgreSQL gets the hash only.',
  runsAsYou: (role: string) =>
    `It runs as ${role}, in a SQL session of yours: you need a role here, with CREATEROLE.`,
  createWithPassword: 'Create role',
  passwordCreated: (role: string) => `Role ${role} created. Copy its password now: it is shown only once.`,
  password: 'Password',
  copyPassword: 'Copy password',
  notCopied: 'The password was not copied. It cannot be shown again. Press Done once more to close.',
  bindHint:
    'A role that the cluster has already. It keeps what it owns and may do; from now on this identity signs in as it.',
  existingRole: 'Existing role',
  bind: 'Bind role',
  bound: (role: string) => `Role ${role} bound.`,
  change: 'Change attributes',
  changeTitle: (role: string) => `Change ${role}`,
  checkLogin: 'Check a login',
  drop: 'Drop role',
  dropTitle: (role: string) => `Drop the role ${role}?`,
  dropText: 'Nobody can sign in as it any more. Its privileges go with it. The identity itself stays.',
  dropSessions: (count: number) =>
    plural(count, {
      one: '# open session as it stays open until it ends.',
      other: '# open sessions as it stay open until they end.',
    }),
  dropInUse: 'The role owns something or has privileges on it. Choose who takes over what it owns.',
  heir: 'Give what it owns to',
  heirNone: 'Nobody: only if it owns nothing',
}

const sessions = {
  label: 'Open sessions',
  open: (count: number) => `${number(count)} open`,
  silent: (count: number) =>
    plural(count, {
      one: '# gateway did not answer: its sessions are not in this list.',
      other: '# gateways did not answer: their sessions are not in this list.',
    }),
  pause: 'Pause',
  resume: 'Resume',
  paused: (time: string) => `Paused at ${time}`,
  frozen: 'The order stays while you are in the list.',
  empty: 'No open sessions.',
  columns: {
    person: 'Person behind it',
    instance: 'Instance',
    role: 'Role',
    database: 'Database',
    client: 'Client',
    opened: 'Opened',
    idle: 'Idle',
    token: 'Token',
    traffic: 'In / Out',
  },
  nativePassword: '(native password)',
  through: (path: string) => `through ${path}`,
  tokenLeft: (time: string) => `${time} left`,
  tokenOver: 'expired',
  traffic: (fromClient: string, toClient: string) => `${fromClient} / ${toClient}`,
  end: 'End session',
  endSelected: 'End selected',
  endTitleOne: (person: string, role: string, pid: string) =>
    `End the session of ${person} as ${role} (pid ${pid})?`,
  endTitleOneWithoutPid: (person: string, role: string) => `End the session of ${person} as ${role}?`,
  endTitleMany: (count: number) => `End ${number(count)} sessions?`,
  rolledBackOne: 'Its open transaction is rolled back.',
  rolledBackMany: 'Their open transactions are rolled back.',
  ended: (count: number) => plural(count, { one: '# session ended.', other: '# sessions ended.' }),
  endedNone: 'Nothing ended: the sessions were over already.',
  endedSilent: (count: number) =>
    plural(count, {
      one: '# gateway did not answer; a session of its own stays open.',
      other: '# gateways did not answer; sessions of theirs stay open.',
    }),
  moreOf: (person: string, role: string) => `the session of ${person} as ${role}`,
}

const metrics = {
  label: 'Metrics',
  span: 'Time span',
  spans: { '15m': '15 min', '1h': '1 h', '24h': '24 h' },
  silent: (count: number) =>
    plural(count, {
      one: '# gateway did not answer: the last point is without it.',
      other: '# gateways did not answer: the last point is without them.',
    }),
  noData: (since: string, seconds: number) =>
    `Collected since ${since}; the first point comes in ${String(seconds)} s.`,
  collectedSince: (since: string) => `Collected since ${since}.`,
  time: 'Time',
  chartOf: (title: string) => `Chart: ${title}`,
  refusalsOf: (name: string) => `Refused: ${name}`,
  seeInAudit: (name: string) => `See ${name} in Audit`,
  charts: {
    sessions: 'Open sessions',
    logins: 'Logins and refusals',
    loginTime: 'Login time',
    bytes: 'Bytes',
    pool: 'Pooled endpoint',
  },
  series: {
    open: 'open',
    pooled: 'of these, pooled',
    limit: 'limit of a gateway',
    admitted: 'admitted',
    p50: 'p50',
    p99: 'p99',
    fromClient: 'from clients',
    toClient: 'to clients',
    inUse: 'backends in use',
    waiting: 'clients waiting',
  },
  perSecond: (value: string) => `${value}/s`,
  milliseconds: (value: string) => `${value} ms`,
  summary: {
    sessions: (now: string, most: string, at: string, limit: string) =>
      `Open sessions: ${now} now, at most ${most} at ${at}; a gateway takes ${limit}.`,
    logins: (admitted: string, refused: string) => `Logins: ${admitted} admitted, ${refused} refused.`,
    loginTime: (p50: string, p99: string) => `Login time: median ${p50}, 99th percentile at most ${p99}.`,
    noLogins: 'Nobody logged in in this time.',
    bytes: (fromClient: string, toClient: string) =>
      `${fromClient} came from clients, ${toClient} went to them.`,
    pool: (inUse: string, waiting: string) =>
      `Pooled endpoint: at most ${inUse} backends in use, at most ${waiting} clients waiting.`,
  },
}

const catalogs = {
  label: 'Catalogs',
  empty:
    'Catalogs let a credential bring the right to read named tables for an hour. Register a database as a catalog to begin.',
  notAvailable: (state: string) =>
    `Catalogs and tables can be registered when the instance is available. State: ${state}.`,
  registerCatalog: 'Register catalog',
  registerTable: 'Register table',
  tree: 'Catalogs and tables',
  tablesOnly: 'Tables without a catalog',
  catalogName: 'Name',
  catalogNameHint: 'One part, without dots, spaces and slashes. Claims name tables as catalog.schema.table.',
  tableName: 'Table',
  tableNameHint: 'catalog.schema.table, each part as PostgreSQL has it.',
  database: 'Database',
  createsDatabase: 'Create the database if it does not exist',
  missing: 'Fill this in.',
  notTable: 'Three parts: catalog.schema.table.',
  registered: (name: string) => `${name} registered.`,
  removed: (name: string) => `${name} removed.`,
  warning: 'Whoever may read a registered table by claims reads it past its grants in PostgreSQL.',
  choose: 'Choose a catalog or a table to see who may read it.',
  readersOf: (name: string) => `Who may read ${name}`,
  readersText: {
    catalog: 'All tables of the database, by a credential with claims.',
    schema: 'All tables of the schema, by a credential with claims.',
    table: 'This table, by a credential with claims.',
  },
  databaseOf: (database: string) => `Database ${database}`,
  schema: 'Grant on a schema',
  schemaName: 'Schema',
  showSchema: 'Show its readers',
  principal: 'Principal',
  privilege: 'Privilege',
  select: 'SELECT',
  noReaders: 'Nobody was granted SELECT on it.',
  grant: 'Grant SELECT',
  revoke: 'Revoke',
  revokeFrom: (name: string) => `Revoke SELECT from ${name}`,
  granted: (name: string) => `${name} may read it with claims.`,
  revoked: (name: string) => `SELECT revoked from ${name}.`,
  remove: 'Remove',
  removeTitle: (name: string) => `Remove ${name}?`,
  removeText:
    'Tokens whose claims name it open nothing any more, and its grants go. Database and tables stay as they are.',
}

const loginCheck = {
  label: 'Check a login',
  intro: 'Would this identity be let in as this role, now, with a new token? Nothing is opened.',
  who: 'Who',
  whoOwn: (name: string) => `${name} (you)`,
  whoHint: 'Only those who manage the instance check the logins of others.',
  role: 'As role',
  database: 'Database',
  check: 'Check',
  whoMissing: 'Choose who.',
  roleMissing: 'Name a role.',
  admitted: (who: string, role: string) => `${who} can log in as ${role}.`,
  refused: (who: string, role: string) => `${who} cannot log in as ${role}.`,
  through: (path: string) => `Through ${path}.`,
  steps: 'Questions of the login, in their order',
  outcomes: { yes: 'yes', no: 'no', not_reached: 'not reached' },
  nextStep: 'Next step',
  addToOneOf: (group: string, members: string) =>
    `Add the identity to ${group} or to one of its member groups: ${members}.`,
  addToGroup: (group: string) => `Add the identity to ${group}.`,
  openGroup: 'Open group',
  explain: 'What this refusal means',
  copyTicket: 'Copy for a ticket',
  ticket: 'login check',
  ticketHead: (who: string, role: string, instance: string) =>
    `Login check: ${who} as ${role} on ${instance}`,
}

export const instanceTabs = {
  roles,
  sessions,
  metrics,
  catalogs,
  loginCheck,
}
