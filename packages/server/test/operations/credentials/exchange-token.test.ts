/** What an exchange of tokens leaves in the audit record; what is exchanged is told in behaviours/68. */
import { expect, it } from 'vitest'
import type { AccountId, WorkspaceId } from '../../../src/domain/ids.ts'
import { Fault } from '../../../src/domain/fault.ts'
import { exchangeToken, type ExchangePorts } from '../../../src/operations/credentials/exchange-token.ts'
import type { AuditEntry } from '../../../src/operations/ports/audit.ts'

const unasked = () => Promise.reject(new Error('nobody asks for this here'))

function world(findPersonalAccessToken: ExchangePorts['personalAccessTokens']['findPersonalAccessToken']) {
  const records: AuditEntry[] = []
  const ports: ExchangePorts = {
    policies: { listPolicies: unasked },
    foreignTokens: { verify: unasked },
    personalAccessTokens: { findPersonalAccessToken },
    directory: { findAssignedByName: unasked, loadPrincipal: unasked, loadAssignment: unasked },
    keys: { signingKey: unasked },
    audit: { record: (entry) => records.push(entry) },
    clock: () => new Date('2026-03-01T12:00:00Z'),
    accountId: 'account' as AccountId,
    randomUuid: () => 'uuid',
  }
  const request = {
    subjectToken: 'dapi0123456789abcdef0123456789abcdef',
    subjectTokenType: 'urn:databricks:params:oauth:token-type:personal-access-token',
    clientId: 'the-client',
    scope: 'all-apis',
    workspaceId: '7' as WorkspaceId,
    issuer: 'https://lakegate.example',
  }
  return { records, exchange: () => exchangeToken(ports, request), request }
}

it('records a refused exchange, with the reason and without the token', async () => {
  const { records, exchange, request } = world(() => Promise.resolve(undefined))
  await expect(exchange()).rejects.toThrow()
  expect(records).toEqual([
    {
      event: 'token_exchange',
      outcome: 'refused',
      reason: 'token_exchange_refused',
      detail: 'the personal access token is not valid here',
      identityName: 'the-client',
      workspaceId: '7',
    },
  ])
  expect(JSON.stringify(records)).not.toContain(request.subjectToken)
})

it('records an exchange that failed because the system database did not answer', async () => {
  const { records, exchange } = world(() =>
    Promise.reject(
      new Fault({ code: 'system_database_unavailable', origin: 'store', message: 'x', retryable: true }),
    ),
  )
  await expect(exchange()).rejects.toThrow()
  expect(records).toMatchObject([{ outcome: 'failed', reason: 'fault' }])
})
