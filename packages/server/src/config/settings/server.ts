/** Settings that every Lakegate is started with, wherever it runs. */
import type { SettingDefinition } from './definition.ts'

export const SERVER_SETTINGS = {
  'data-dir': {
    kind: 'directory',
    default: undefined,
    fallback: '/var/lib/lakegate for root, otherwise $XDG_DATA_HOME/lakegate or ~/.local/share/lakegate',
    example: '/srv/lakegate',
    sentence: 'Directory of all local state: the embedded system database, local instances, the master key.',
  },
  'ready-file': {
    kind: 'written_file',
    default: undefined,
    fallback: 'no file is written',
    example: '/run/lakegate/ready.json',
    sentence:
      'File that is written, with mode 0600, when everything is ready, and removed when Lakegate stops.',
  },
  'log-level': {
    kind: 'choice',
    default: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error'],
    reloads: true,
    sentence: 'The least severe level that is logged, on standard error.',
  },
  'log-format': {
    kind: 'choice',
    default: 'auto',
    choices: ['auto', 'text', 'json'],
    sentence:
      'How the log is written to standard error: short lines for people, or JSON; auto writes lines at a terminal and JSON elsewhere.',
  },
  'new-installation': {
    kind: 'choice',
    default: 'allow',
    choices: ['allow', 'refuse'],
    sentence:
      'Whether a start that finds no installation, in an empty data directory or system database, makes a new one; set it to refuse once there is one.',
  },
  'admin-user': {
    kind: 'user_name',
    default: 'admin@lakegate.local',
    sentence: 'User name of the administrator that the first start creates.',
  },
  'first-instance': {
    kind: 'instance_name',
    default: 'dev',
    mayBeEmpty: true,
    sentence: 'Name of the database instance that the first start creates; empty for none.',
  },
} as const satisfies Record<string, SettingDefinition>
