/** What may be kept as a saved query. */
import { describe, expect, it } from 'vitest'
import {
  decideQueryContent,
  decideQueryUsage,
  decideReadQuery,
  LARGEST_QUERY_BYTES,
} from '../../src/policy/saved-queries.ts'
import { ALICE_ID, MEMBER, OTHER_WORKSPACE, WORKSPACE } from './facts.ts'

const CONTENT = {
  name: 'a query',
  sql: 'SELECT 1',
  instanceName: 'dev',
  databaseName: 'sales',
  isShared: false,
}
const fieldOf = (change: Partial<typeof CONTENT>, secrets: readonly { start: number }[] = []) => {
  const verdict = decideQueryContent({ ...CONTENT, ...change }, secrets)
  return verdict === 'permitted' ? verdict : verdict.parameters['field']
}

describe('the content of a saved query', () => {
  it.each([
    ['is SQL with a name', {}, 'permitted'],
    ['has as much SQL as a script has', { sql: 'x'.repeat(LARGEST_QUERY_BYTES) }, 'permitted'],
    ['is counted in bytes', { sql: 'ä'.repeat(LARGEST_QUERY_BYTES / 2 + 1) }, 'sql'],
    ['is not empty', { sql: '\n\t ' }, 'sql'],
    ['holds no zero character, which PostgreSQL cannot keep', { sql: 'a\0b' }, 'sql'],
    ['has a name', { name: '' }, 'name'],
    ['has a name that people can see', { name: 'a\u200Bb' }, 'name'],
    ['proposes an instance that could be', { instanceName: 'not a name' }, 'database_instance_name'],
    ['proposes a database that could be', { databaseName: 'x'.repeat(64) }, 'database'],
  ])('%s', (_fact, change, expected) => {
    expect(fieldOf(change)).toBe(expected)
  })

  it('holds no password', () => {
    expect(fieldOf({}, [{ start: 3 }])).toBe('sql')
  })
})

describe('saved queries of one person', () => {
  it('are at most 500 and 16 MiB', () => {
    const most = 16 * 1024 * 1024
    expect(decideQueryUsage({ queries: 500, bytes: most })).toBe('permitted')
    expect(decideQueryUsage({ queries: 501, bytes: 1 })).toMatchObject({ name: 'quota_exceeded' })
    expect(decideQueryUsage({ queries: 1, bytes: most + 1 })).toMatchObject({ name: 'quota_exceeded' })
  })

  it('are seen in their workspace only, by their owner too', () => {
    const query = { id: 'x', workspaceId: WORKSPACE, owner: { id: ALICE_ID, name: 'x' }, isShared: true }
    expect(decideReadQuery(MEMBER, 'x', query)).toBe('permitted')
    expect(decideReadQuery(MEMBER, 'x', { ...query, workspaceId: OTHER_WORKSPACE })).toMatchObject({
      name: 'saved_query_not_found',
    })
    expect(decideReadQuery(MEMBER, 'x', undefined)).toMatchObject({ name: 'saved_query_not_found' })
  })
})
