/** docs/permissions.md is what the policy answers: each cell is a call of the function that decides. */
import { it } from 'vitest'
import { DEEDS, EVERYBODY } from '../policy/who-may.ts'
import { expectRendered, renderTable } from './documented.ts'

it('docs/permissions.md shows what the policy decides', () => {
  const rows = DEEDS.map(([deed, decide]) => [
    deed,
    ...EVERYBODY.map((one) => (decide(one) === 'permitted' ? 'yes' : '–')),
  ])
  expectRendered(
    'docs/permissions.md',
    'permissions',
    renderTable(['', ...EVERYBODY.map(({ title }) => title)], rows),
  )
})
