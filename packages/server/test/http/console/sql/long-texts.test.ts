/** Texts of any length from a person at the SQL editor are read once; more would take minutes here. */
import { expect, it } from 'vitest'
import { copyRemark } from '../../../../src/http/console/sql/copy-remark.ts'
import { answerPsqlCommand } from '@lakegate/sql-text'

it('a command of psql', () => {
  expect(answerPsqlCommand(`d${'S'.repeat(500_000)}x`, '')).toBeUndefined()
  expect(answerPsqlCommand('dS+', '')).toBeDefined()
})

it('a COPY', () => {
  const statement = `COPY (SELECT 1) TO${' '.repeat(500_000)}STDOUT`
  expect(copyRemark('COPY 1', statement).remark).toMatch(/'file.csv'$/)
  expect(copyRemark('COPY 1', 'COPY t\n  TO\n STDOUT').remark).toMatch(/\\copy t TO 'file\.csv'$/)
})
