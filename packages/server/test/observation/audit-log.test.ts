import { describe, expect, it } from 'vitest'
import { createAuditLog } from '../../src/observation/audit-log.ts'
import { createLog } from '../../src/observation/log.ts'
import { collectLines } from './collect-lines.ts'

describe('the audit log', () => {
  it('writes one line per entry into the stream of the log, marked as audit', () => {
    const { destination, lines } = collectLines()
    const audit = createAuditLog(createLog('info', destination))
    audit.record({
      event: 'login',
      outcome: 'refused',
      reason: 'not_a_member',
      identityId: '42',
      role: 'analysts',
      tokenId: 'e2c4',
      clientAddress: '127.0.0.1',
    })
    expect(lines()).toMatchObject([
      {
        audit: true,
        event: 'login',
        outcome: 'refused',
        reason: 'not_a_member',
        identityId: '42',
        role: 'analysts',
        // The id of a token is no secret: it is how a record leads to the minting of that token.
        tokenId: 'e2c4',
        msg: 'login refused',
      },
    ])
  })

  it('is written at every log level', () => {
    const { destination, lines } = collectLines()
    createAuditLog(createLog('error', destination)).record({ event: 'login', outcome: 'admitted' })
    expect(lines()).toHaveLength(1)
  })
})
