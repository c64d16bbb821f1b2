/** How many logins and sessions there may be, and for how long. */
import type { SettingDefinition } from './definition.ts'

export const LOGIN_SETTINGS = {
  'login-deadline-seconds': {
    kind: 'whole_number',
    default: '15',
    least: 1,
    most: 300,
    reloads: true,
    sentence: 'How long a login may take from the first byte to the open session.',
  },
  'logins-per-address': {
    kind: 'whole_number',
    // Room for hundreds of people behind one address, each with several clients, that all reconnect after a restart.
    default: '1000',
    least: 1,
    most: 100000,
    reloads: true,
    sentence:
      'How many logins from one address may be in progress at a time; people behind one NAT share an address.',
  },
  'failed-logins-per-role': {
    kind: 'whole_number',
    default: '10',
    least: 1,
    most: 1000000,
    reloads: true,
    sentence:
      'After how many wrong passwords for one role from one address (for IPv6, one /64) no more are checked for that role and address until failed-login-seconds have passed.',
  },
  'failed-logins-per-address': {
    kind: 'whole_number',
    default: '100',
    least: 1,
    most: 1000000,
    reloads: true,
    sentence:
      'After how many wrong passwords from one address its logins are delayed, by at most five seconds each.',
  },
  'failed-login-seconds': {
    kind: 'whole_number',
    default: '60',
    least: 1,
    most: 86400,
    reloads: true,
    sentence: 'How long wrong passwords are counted, starting with the first.',
  },
  'connections-per-instance': {
    kind: 'whole_number',
    default: '1000',
    least: 1,
    most: 10000,
    reloads: true,
    sentence: 'How many client connections one instance accepts at a time.',
  },
  'connections-per-role': {
    kind: 'whole_number',
    default: '1000',
    least: 1,
    most: 10000,
    reloads: true,
    sentence: 'How many sessions one role of an instance may have open at a time, at each of its endpoints.',
  },
  'session-idle-seconds': {
    kind: 'whole_number',
    default: '86400',
    least: 0,
    // The upper limit of idle_session_timeout, a 32-bit number of milliseconds.
    most: 2147483,
    sentence: 'How long a session may be idle before it is closed; 0 for no limit.',
  },
  'session-lifetime-seconds': {
    kind: 'whole_number',
    default: '259200',
    least: 0,
    most: 31536000,
    reloads: true,
    sentence: 'How long a session may be open before it is closed; 0 for no limit.',
  },
} as const satisfies Record<string, SettingDefinition>
