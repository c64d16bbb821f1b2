/** What the gateway lets through of a replication connection: whole messages, however they come, and none of the physical kind. */
import { describe, expect, it } from 'vitest'
import type { Admission } from '../../../src/operations/login/admission.ts'
import { RefusedError } from '../../../src/operations/refused-error.ts'
import { guardReplication, requireLogicalReplication } from '../../../src/gateway/relay/replication.ts'
import { NO_SETTINGS } from '../../../src/policy/instance-settings.ts'
import { queryMessage, typed } from '../../stage/byte-builder.ts'
import { instanceRow } from '../../operations/instance-world.ts'

/** What came through, or the name of the refusal. */
function through(chunks: readonly Buffer[]): Buffer | string {
  const guard = guardReplication()
  const passed: Buffer[] = []
  for (const chunk of chunks) {
    const admitted = guard.admit(chunk)
    if (admitted instanceof RefusedError) return admitted.refusal.name
    passed.push(...admitted)
  }
  return Buffer.concat(passed)
}
const byteByByte = (bytes: Buffer): readonly Buffer[] => [...bytes].map((byte) => Buffer.of(byte))

describe('the guard of a replication connection', () => {
  const stream = Buffer.concat([
    queryMessage('IDENTIFY_SYSTEM'),
    queryMessage(`SELECT '${'x'.repeat(10_000)}'`),
    typed('d', Buffer.from('BASE_BACKUP')),
    typed('X', Buffer.alloc(0)),
  ])

  it('passes everything else as it came, in one piece or byte by byte', () => {
    expect(through([stream])).toEqual(stream)
    expect(through(byteByByte(stream))).toEqual(stream)
  })

  it('keeps a command of the physical kind back, wherever the pieces of it end', () => {
    const command = queryMessage('BASE_BACKUP')
    expect(through([Buffer.concat([stream, command])])).toBe('physical_replication_refused')
    expect(through(byteByByte(command))).toBe('physical_replication_refused')
  })

  it('passes nothing of a command before it is judged', () => {
    const guard = guardReplication()
    const command = queryMessage('BASE_BACKUP')
    expect(guard.admit(command.subarray(0, -1))).toEqual([])
  })

  it('ends where the client speaks no protocol', () => {
    expect(through([Buffer.from([0x51, 0, 0, 0, 1])])).toBe('protocol_violation')
  })
})

describe('a replication connection', () => {
  const admission = (changes: object): Admission =>
    ({
      roleName: 'reader',
      claimedTables: [],
      instance: instanceRow({ settings: { ...NO_SETTINGS, enableLogicalReplication: true } }),
      ...changes,
    }) as unknown as Admission
  const nameOf = (given: Admission): string => {
    try {
      requireLogicalReplication(given)
      return 'admitted'
    } catch (error) {
      if (error instanceof RefusedError) return error.refusal.name
      throw error
    }
  }

  it('needs the setting, an embedded instance and a credential without claims', () => {
    expect(nameOf(admission({}))).toBe('admitted')
    expect(nameOf(admission({ instance: instanceRow() }))).toBe('replication_not_enabled')
    expect(nameOf(admission({ claimedTables: [{ schemaName: 'public', tableName: 'event' }] }))).toBe(
      'claims_not_replicated',
    )
    const backend = { kind: 'attached' }
    expect(nameOf(admission({ instance: { ...instanceRow(), backend } }))).toBe('replication_not_attached')
  })
})
