/** The audit queue: batches, a bound, records that the database will never take. */
import { describe, expect, it } from 'vitest'
import { Fault } from '../../src/domain/fault.ts'
import { createAuditQueue, type AuditQueueSettings } from '../../src/observation/audit-queue.ts'
import type { AuditRecord } from '../../src/operations/ports/audit.ts'
import { waitFor } from '../stage/wait-for.ts'

const NOW = new Date('2026-01-01T00:00:00Z')
const FAST: AuditQueueSettings = { capacity: 10, batch: 4, pauseMs: 1, retryMs: 1 }
const unavailable = () =>
  new Fault({ code: 'system_database_unavailable', origin: 'store', message: 'down', retryable: true })

function world(append: (records: readonly AuditRecord[]) => Promise<void>) {
  const lines: string[] = []
  const said: string[] = []
  const say = (_fields: object, message: string) => void said.push(message)
  const queue = createAuditQueue(
    {
      lines: { record: ({ role }) => void lines.push(role ?? '') },
      append,
      clock: () => NOW,
      log: { error: say, warn: say },
    },
    FAST,
  )
  const record = (role: string) => {
    queue.record({ event: 'login', outcome: 'admitted', role })
  }
  return { queue, record, lines, said }
}

describe('the audit queue', () => {
  it('writes in batches and in order, and says when everything is kept', async () => {
    const batches: (string | undefined)[][] = []
    const { queue, record } = world(async (records) => {
      batches.push(records.map(({ entry }) => entry.role))
    })
    for (const role of 'abcdef') record(role)
    await queue.kept()
    expect(batches).toEqual([
      ['a', 'b', 'c', 'd'],
      ['e', 'f'],
    ])
    expect(queue.counts()).toEqual({ waiting: 0, written: 6, dropped: 0 })
  })

  it('keeps what cannot be written, up to its bound, and writes it when it can', async () => {
    let isDown = true
    const kept: string[] = []
    const { queue, record, lines, said } = world(async (records) => {
      if (isDown) throw unavailable()
      kept.push(...records.map(({ entry }) => entry.role ?? ''))
    })
    record('a')
    await expect(queue.kept()).rejects.toMatchObject({ code: 'audit_not_kept', retryable: true })
    for (const role of 'bcdefghijkl') record(role)
    await expect(queue.kept()).rejects.toMatchObject({ code: 'audit_not_kept', retryable: true })
    expect(queue.counts()).toEqual({ waiting: 10, written: 0, dropped: 2 })
    // The lines of the log have all of them.
    expect(lines.join('')).toBe('abcdefghijkl')
    isDown = false
    await waitFor('the records', () => kept.join('') === 'abcdefghij')
    await queue.kept()
    expect(said).toEqual([
      'audit records cannot be kept; they wait',
      'audit records are dropped; too many wait',
      'audit records are kept again',
    ])
  })

  it('leaves out a record that the database refuses for itself, and only that', async () => {
    const kept: string[] = []
    const { queue, record } = world(async (records) => {
      if (records.some(({ entry }) => entry.role === 'c')) throw new Error('invalid text')
      kept.push(...records.map(({ entry }) => entry.role ?? ''))
    })
    for (const role of 'abcd') record(role)
    await expect(queue.kept()).rejects.toThrow()
    await queue.kept()
    expect(kept.join('')).toBe('abd')
    expect(queue.counts()).toMatchObject({ written: 3, dropped: 1 })
  })

  it('writes what is left when it stops', async () => {
    const kept: string[] = []
    const { queue, record } = world(async (records) => {
      kept.push(...records.map(({ entry }) => entry.role ?? ''))
    })
    record('a')
    await queue.stop()
    expect(kept).toEqual(['a'])
  })
})
