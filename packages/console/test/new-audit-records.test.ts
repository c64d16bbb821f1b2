import type { AuditRecordAnswer } from '@lakegate/client'
import { describe, expect, it } from 'vitest'
import { countNewRecords } from '../src/data/audit.ts'

const record = (second: number, role = 'one'): AuditRecordAnswer => ({
  time: `2026-11-27T06:00:0${String(second)}.000Z`,
  event: 'login',
  outcome: 'admitted',
  role,
})

describe('records that are not shown yet', () => {
  it('are those before the first one that is', () => {
    expect(countNewRecords([record(3), record(2), record(1)], record(1))).toBe(2)
    expect(countNewRecords([record(1)], record(1))).toBe(0)
  })

  it('are counted within one instant too', () => {
    expect(countNewRecords([record(1, 'two'), record(1, 'one')], record(1, 'one'))).toBe(1)
  })

  it('are all of them where nothing is shown, and where the first shown one is far below', () => {
    expect(countNewRecords([record(2), record(1)], undefined)).toBe(2)
    expect(countNewRecords([record(3), record(2)], record(1))).toBe(2)
  })

  it('end where older ones begin, should the first shown one be gone', () => {
    expect(countNewRecords([record(3), record(1)], record(2))).toBe(1)
  })
})
