/** Where the control plane keeps its durable data, how it is encrypted, and which audit records it keeps. */
import type { SettingDefinition } from './definition.ts'

export const SYSTEM_DATABASE_SETTINGS = {
  'database-url': {
    kind: 'database_url',
    default: undefined,
    fallback: 'an embedded PostgreSQL in the data directory',
    secret: true,
    example: 'postgres://lakegate@db.example.com/lakegate',
    sentence:
      'URL of an external PostgreSQL that serves as the system database; variables such as PGHOST and PGSSLMODE are ignored.',
  },
  'master-key-file': {
    kind: 'kept_file',
    default: undefined,
    fallback: '<data-dir>/master.key, made at the first start',
    example: '/etc/lakegate/master.key',
    sentence: 'File with the key that encrypts the private keys in the system database.',
  },
  'audit-required': {
    kind: 'on_off',
    default: 'off',
    sentence:
      'Whether a login is refused (57P03) when its audit record cannot be written to the system database; otherwise the record is dropped, counted and logged.',
  },
  'audit-retention-days': {
    kind: 'whole_number',
    default: '90',
    least: 0,
    most: 36500,
    sentence: 'How long audit records stay in the system database; 0 for ever.',
  },
} as const satisfies Record<string, SettingDefinition>
