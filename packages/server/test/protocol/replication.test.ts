/** Which commands of a replication connection are of the logical kind (PostgreSQL, «Streaming Replication Protocol»). */
import { describe, expect, it } from 'vitest'
import {
  isLogicalReplication,
  LONGEST_REPLICATION_PREFIX,
  replicationModeOf,
} from '../../src/protocol/replication.ts'

const judge = (text: string) => isLogicalReplication(Buffer.from(text, 'latin1'))

describe('a command', () => {
  it.each([
    '',
    ' ',
    ';',
    'SELECT 1',
    'show wal_level',
    '/* BASE_BACKUP */ SELECT 1',
    '"BASE_BACKUP"',
    'IDENTIFY_SYSTEM',
    'identify_system;',
    'START_REPLICATION SLOT a LOGICAL 0/0',
    'start_replication\nslot "a b" logical 0/0 (x \'y\')',
    'CREATE_REPLICATION_SLOT a LOGICAL pgoutput',
    'CREATE_REPLICATION_SLOT "a" TEMPORARY LOGICAL pgoutput (SNAPSHOT \'nothing\')',
    'DROP_REPLICATION_SLOT a WAIT',
    'ALTER_REPLICATION_SLOT a (failover true)',
    'READ_REPLICATION_SLOT a',
  ])('%j passes', (text) => {
    expect(judge(text)).toBe(true)
  })

  it.each([
    'BASE_BACKUP',
    'Base_Backup',
    '\v\fBASE_BACKUP',
    'START_REPLICATION 0/0',
    'START_REPLICATION PHYSICAL 0/0',
    'START_REPLICATION SLOT LOGICAL PHYSICAL 0/0',
    'START_REPLICATION SLOT a PHYSICAL 0/0 LOGICAL ',
    'START_REPLICATION SLOT "a LOGICAL " 0/0',
    'START_REPLICATION SLOT a LOGICALX 0/0',
    'START_REPLICATION\u00a0SLOT a LOGICAL 0/0',
    'CREATE_REPLICATION_SLOT a PHYSICAL',
    'CREATE_REPLICATION_SLOT a TEMPORARY PHYSICAL',
    'TIMELINE_HISTORY 1',
    'UPLOAD_MANIFEST',
    'A_COMMAND_OF_TOMORROW',
    '__proto__',
  ])('%j does not', (text) => {
    expect(judge(text)).toBe(false)
  })

  it('that hides behind more space than is looked at does not pass', () => {
    expect(judge(' '.repeat(LONGEST_REPLICATION_PREFIX))).toBe(false)
    expect(judge(`START_REPLICATION${' '.repeat(LONGEST_REPLICATION_PREFIX)}`)).toBe(false)
  })
})

describe('the parameter replication', () => {
  const modeOf = (...values: readonly string[]) =>
    replicationModeOf({
      kind: 'startup_message',
      version: { major: 3, minor: 0 },
      parameters: values.map((value) => ({ name: 'replication', value: Buffer.from(value) })),
    })
  it.each([
    ['none', []],
    ['logical', ['database']],
    ['physical', ['Database']],
    ['physical', ['true']],
    ['physical', ['o']],
    ['physical', ['']],
    ['none', ['off']],
    ['none', ['F']],
    ['none', ['0']],
    ['ambiguous', ['database', 'false']],
    ['ambiguous', ['false', 'true']],
  ] as const)('asks for %s with %j', (mode, values) => {
    expect(modeOf(...values)).toBe(mode)
  })
})
