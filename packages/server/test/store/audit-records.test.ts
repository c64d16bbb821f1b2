/** Audit records in the system database: any text is kept, and old ones go, by one process at a time. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditFilter } from '../../src/operations/ports/audit.ts'
import { createAuditStore } from '../../src/store/audit-records.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
beforeAll(async () => {
  system = await startTestSystemDatabase()
})
afterAll(async () => system.stop())

const EVERYTHING: AuditFilter = {
  ...{ workspaceId: undefined, event: undefined, outcome: undefined, reason: undefined },
  ...{ identityId: undefined, instanceUid: undefined, since: undefined, until: undefined },
}
const at = (day: number) => new Date(Date.UTC(2026, 0, day))
const login = (day: number, role: string) => ({
  at: at(day),
  entry: { event: 'login', outcome: 'admitted', role } as const,
})
const rolesOf = async () =>
  (await createAuditStore(system.database).pageOfRecords(EVERYTHING, { before: undefined, size: 100 })).map(
    ({ entry }) => entry.role,
  )

describe('audit records', () => {
  it('hold names that PostgreSQL has no text for', async () => {
    await createAuditStore(system.database).appendRecords([login(1, 'zero \u0000, half \ud83d')])
    expect(await rolesOf()).toEqual(['zero \ufffd, half \ufffd'])
  })

  it('go when they are old, a few at a time, and not while another process removes them', async () => {
    const store = createAuditStore(system.database)
    await store.appendRecords([login(1, 'b'), login(2, 'c'), login(3, 'd')])
    expect(await store.removeRecords(at(3), 2)).toBe(2)
    await system.database.transaction().execute(async (other) => {
      await sql`SELECT pg_advisory_xact_lock(418514663796)`.execute(other)
      expect(await store.removeRecords(at(3), 2)).toBe('busy')
    })
    expect(await store.removeRecords(at(3), 2)).toBe(1)
    expect(await rolesOf()).toEqual(['d'])
  })
})
