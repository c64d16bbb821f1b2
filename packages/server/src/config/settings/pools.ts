/** The pooled endpoint of every instance. */
import type { SettingDefinition } from './definition.ts'

export const POOL_SETTINGS = {
  'pooled-endpoint': {
    kind: 'on_off',
    default: 'on',
    sentence: 'Whether every instance has a second address at which sessions share backends.',
  },
  'pool-size': {
    kind: 'whole_number',
    default: '20',
    least: 1,
    most: 10000,
    sentence:
      'How many backends serve the pooled sessions of one identity with the same role, database and startup parameters.',
  },
  'pool-size-per-instance': {
    kind: 'whole_number',
    default: '200',
    least: 1,
    most: 10000,
    sentence: 'How many backends serve all pooled sessions of an instance.',
  },
  'pooled-sessions-per-instance': {
    kind: 'whole_number',
    default: '10000',
    least: 1,
    most: 1000000,
    sentence: 'How many pooled sessions one instance accepts at a time.',
  },
  'pool-wait-seconds': {
    kind: 'whole_number',
    default: '60',
    least: 1,
    most: 3600,
    sentence: 'How long a pooled session waits for a backend before it is ended.',
  },
  'pool-idle-seconds': {
    kind: 'whole_number',
    default: '300',
    least: 1,
    most: 86400,
    sentence: 'How long a backend of a pool may be unused before it is closed.',
  },
  'pool-lifetime-seconds': {
    kind: 'whole_number',
    default: '3600',
    least: 1,
    most: 604800,
    sentence:
      'Maximum age of a backend of a pool. It is closed when its session returns it; some are closed up to a fifth earlier, so that not all are closed at once.',
  },
} as const satisfies Record<string, SettingDefinition>
