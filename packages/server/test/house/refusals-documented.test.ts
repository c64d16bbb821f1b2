/** docs/refusals.md and policy/refusals.ts say the same: nothing undocumented, no ghosts, no other words. */
import { describe, it } from 'vitest'
import type { RefusalDefinition } from '../../src/policy/refusal-definition.ts'
import { REFUSALS } from '../../src/policy/refusal-table.ts'
import { expectRendered, renderTable } from './documented.ts'

const DOCUMENT = 'docs/refusals.md'
const refusals: readonly [string, RefusalDefinition][] = Object.entries(REFUSALS)

const TOLD_TO: Readonly<Record<RefusalDefinition['disclosure'], string>> = {
  anyone: 'anyone',
  token_holder: 'who holds a genuine token',
  authenticated: 'an authenticated caller',
}

describe('docs/refusals.md', () => {
  it('shows every refusal to PostgreSQL clients, and only those that exist', () => {
    const rows = refusals.flatMap(([name, { postgres, disclosure }]) =>
      postgres === undefined
        ? []
        : [
            [
              `\`${name}\``,
              postgres.sqlstate,
              postgres.message,
              postgres.detail ?? '',
              postgres.hint ?? '',
              TOLD_TO[disclosure],
            ],
          ],
    )
    const head = ['Name', 'SQLSTATE', 'Message', 'DETAIL', 'HINT', 'Told to']
    expectRendered(DOCUMENT, 'postgres', renderTable(head, rows))
  })

  it('shows every refusal to HTTP clients, and only those that exist', () => {
    const rows = refusals.flatMap(([name, { http, disclosure }]) =>
      http === undefined
        ? []
        : [[`\`${name}\``, String(http.status), `\`${http.errorCode}\``, http.message, TOLD_TO[disclosure]]],
    )
    const head = ['Name', 'Status', '`error_code`', '`message`', 'Told to']
    expectRendered(DOCUMENT, 'http', renderTable(head, rows))
  })
})
