/** The table of `npm run clients` (stage/clients-table.ts): what it says of a client whose tests ran, failed or were skipped. */
import { describe, expect, it } from 'vitest'
import { judge, renderTable, type Proof } from '../stage/clients-table.ts'

const proof = (proves: string, state: Proof['state'], note?: string): Proof => ({ proves, state, note })

describe('the table of clients', () => {
  it.each([
    [
      'what ran, each once',
      [proof('login', 'passed'), proof('login', 'passed'), proof('rotation', 'passed')],
      false,
      'ok',
      'login, rotation',
    ],
    [
      'what failed, first',
      [proof('login', 'passed'), proof('rotation', 'failed')],
      false,
      'failed',
      'failed: rotation; login',
    ],
    [
      'a failure of one test of several',
      [proof('login', 'passed'), proof('login', 'failed')],
      false,
      'failed',
      'failed: login',
    ],
    [
      'what was left out, and why',
      [proof('login', 'passed'), proof('https', 'skipped', 'no openssl')],
      false,
      'ok',
      'login; skipped: https (no openssl)',
    ],
    ['that nothing ran', [proof('login', 'skipped')], false, 'skipped', 'skipped: login'],
    [
      'a hook that failed, although no test did',
      [proof('login', 'skipped')],
      true,
      'failed',
      'failed: what its tests stand on; skipped: login',
    ],
  ] as const)('says %s', (_what, proofs, broken, result, what) => {
    expect(judge(proofs, broken)).toEqual({ result, what })
  })

  it('has a line for each client, by name, and counts them', () => {
    const table = renderTable([
      { client: 'psql', version: '16.1', runtime: 'libpq', result: 'skipped', what: 'there is\nno psql' },
      { client: 'asyncpg', version: '0.32.0', runtime: 'Python 3.11.7', result: 'ok', what: 'login' },
    ])
    expect(table.split('\n')).toEqual([
      'client   version  runtime        result   what',
      'asyncpg  0.32.0   Python 3.11.7  ok       login',
      'psql     16.1     libpq          skipped  there is no psql',
      '',
      'clients: 1 ok, 0 failed, 1 skipped',
      '',
    ])
  })
})
