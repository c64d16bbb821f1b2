/** The text of a run, statement by statement, by the rules that hold when each one is sent. */
import { describe, expect, it } from 'vitest'
import { openScript } from '../../../../src/http/console/sql/script.ts'

describe('a script', () => {
  it('is read by the rules of the moment', async () => {
    const script = await openScript(`SELECT 1; SELECT 'a\\'; SELECT 2; SELECT '`, false, {}, () => false)
    expect(script.next({})?.text).toBe('SELECT 1')
    expect(script.isLast({})).toBe(false)
    const escaping = { standardConformingStrings: false }
    expect(script.next(escaping)).toMatchObject({
      start: 10,
      end: 41,
      text: `SELECT 'a\\'; SELECT 2; SELECT '`,
    })
    expect(script.isLast(escaping)).toBe(true)
    expect(script.next(escaping)).toBeUndefined()
  })

  // A minute and more when all that follows is read at each change.
  it('is not read to its end at every change of the rules', { timeout: 10_000 }, async () => {
    const sql = 'SET standard_conforming_strings = off;'.repeat(25_000)
    const script = await openScript(sql, false, {}, () => false)
    let count = 0
    for (let isStandard = true; ; isStandard = !isStandard) {
      if (script.next({ standardConformingStrings: isStandard }) === undefined) break
      script.isLast({ standardConformingStrings: isStandard })
      count += 1
    }
    expect(count).toBe(25_000)
  })
})
