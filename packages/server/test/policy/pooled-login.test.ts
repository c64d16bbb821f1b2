/** One row per line of `decidePooledLogin`, in its order: what PostgreSQL says when it opens a backend. */
import { describe, expect, it } from 'vitest'
import type { DatabaseFacts } from '../../src/domain/database-facts.ts'
import type { DatabaseOid } from '../../src/domain/ids.ts'
import { decidePooledLogin, placesOf } from '../../src/policy/pooled-login.ts'
import type { RefusalName } from '../../src/policy/refusals.ts'

const OPEN: DatabaseFacts = {
  oid: '16384' as DatabaseOid,
  allowsConnections: true,
  isTemplate: false,
  isInvalid: false,
  connectionLimit: -1,
  mayConnect: true,
  settingsFingerprint: '',
}
const CLOSED = { allowsConnections: false, mayConnect: false }

describe('a pooled login to a database', () => {
  it.each<[string, 'admitted' | RefusalName, DatabaseFacts | undefined]>([
    ['is admitted', 'admitted', OPEN],
    ['is admitted to a template, as at the direct endpoint', 'admitted', { ...OPEN, isTemplate: true }],
    ['leaves CONNECTION LIMIT to who counts', 'admitted', { ...OPEN, connectionLimit: 0 }],
    ['is refused when there is none of the name', 'database_does_not_exist', undefined],
    [
      'is refused when its DROP was interrupted',
      'database_invalid',
      { ...OPEN, ...CLOSED, isInvalid: true, connectionLimit: -2 },
    ],
    ['is refused when it takes no connections', 'database_takes_no_connections', { ...OPEN, ...CLOSED }],
    ['is refused without CONNECT', 'connect_not_granted', { ...OPEN, mayConnect: false }],
  ])('%s', (_what, expected, database) => {
    const verdict = decidePooledLogin('app', database)
    expect(verdict.outcome === 'admitted' ? 'admitted' : verdict.name).toBe(expected)
  })
})

describe('CONNECTION LIMIT', () => {
  it.each([
    [-1, Number.MAX_SAFE_INTEGER],
    [0, 0],
    [7, 7],
  ])('%i gives %i places', (limit, places) => {
    expect(placesOf(limit)).toBe(places)
  })
})
