import { describe, expect, it } from 'vitest'
import { canExplain, writingCommand } from '../src/pages/sql/explain/explain-statement.ts'
import { readPlan } from '../src/pages/sql/explain/plan.ts'
import { planText } from '../src/pages/sql/explain/plan-text.ts'

const scan = (name: string, more: object) => ({
  'Node Type': 'Seq Scan',
  'Relation Name': name,
  Alias: name,
  'Total Cost': 10,
  'Plan Rows': 10,
  ...more,
})
const actual = (time: number, rows: number, loops: number) => ({
  'Actual Total Time': time,
  'Actual Rows': rows,
  'Actual Loops': loops,
})
const analyzed = JSON.stringify([
  {
    Plan: {
      'Node Type': 'Nested Loop',
      'Join Type': 'Left',
      'Total Cost': 99.5,
      'Plan Rows': 20,
      ...actual(100, 20, 1),
      Plans: [
        scan('orders', { ...actual(5, 10, 1), Filter: '(paid = false)' }),
        scan('lines', { ...actual(4, 1000, 20) }),
      ],
    },
    'Planning Time': 0.2,
    'Execution Time': 101.5,
  },
])

describe('a plan', () => {
  it('gives each node its own time, over all loops and without its children', () => {
    const plan = readPlan(analyzed)
    expect(plan?.nodes.map(({ ownTime }) => ownTime)).toEqual([15, 5, 80])
    expect(plan?.nodes[2]).toMatchObject({ title: 'Seq Scan on lines', actualRows: 20_000, depth: 1 })
  })

  it('marks the slowest node and the one whose estimate is off the most', () => {
    expect(readPlan(analyzed)).toMatchObject({ slowest: 2, mostMisestimated: 2, executionTime: 101.5 })
    expect(readPlan(analyzed)?.nodes[2]?.misestimate).toBe(100)
  })

  it('without ANALYZE marks nothing', () => {
    const plan = readPlan(JSON.stringify([{ Plan: scan('orders', {}) }]))
    expect(plan).toMatchObject({ slowest: undefined, mostMisestimated: undefined })
  })

  it('that was never executed has no estimate to judge', () => {
    const plan = readPlan(JSON.stringify([{ Plan: scan('orders', actual(0, 0, 0)) }]))
    expect(plan?.nodes[0]?.misestimate).toBeUndefined()
  })

  it('is read as a text too', () => {
    const plan = readPlan(analyzed)
    expect(plan && planText(plan)).toBe(
      [
        'Nested Loop Left Join  (cost=99.50 rows=20) (actual rows=20 loops=1)',
        '  ->  Seq Scan on orders  (cost=10.00 rows=10) (actual rows=10 loops=1)',
        '        Filter: (paid = false)',
        '  ->  Seq Scan on lines  (cost=10.00 rows=10) (actual rows=20000 loops=20)',
        'Planning Time: 0.200 ms',
        'Execution Time: 101.500 ms',
      ].join('\n'),
    )
  })

  it('is not what another JSON says', () => {
    expect([readPlan('[1]'), readPlan('x'), readPlan('{}')]).toEqual([undefined, undefined, undefined])
  })
})

describe('EXPLAIN ANALYZE', () => {
  it.each([
    ['SELECT 1', undefined],
    ["SELECT 'insert'", undefined],
    ['UPDATE t SET a = 1', 'UPDATE'],
    ['WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x', 'DELETE'],
    ['SELECT * INTO copy FROM t', 'SELECT INTO'],
    ['CREATE TABLE t AS SELECT 1', 'CREATE TABLE'],
  ])('of %s executes %s', (statement, command) => {
    expect(writingCommand(statement)).toBe(command)
  })

  it('is offered for what has a plan', () => {
    expect([canExplain('select 1'), canExplain('VACUUM t'), canExplain('BEGIN')]).toEqual([
      true,
      false,
      false,
    ])
  })
})
