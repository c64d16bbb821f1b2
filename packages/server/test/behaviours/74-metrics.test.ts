/** /metrics: what logins and sessions did, over all workers, and no name of anybody (behaviour 74). */
import { describe, expect, it } from 'vitest'
import { scrape, valueOf } from '../stage/metrics.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()

describe('/metrics', () => {
  it('counts logins, refusals by reason, sessions and bytes, whichever worker served them', async () => {
    const principal = await createServicePrincipal(lakegate, 'counted')
    await createRoleFor(lakegate, principal)
    const password = await mintCredential(principal.http, lakegate.ready.instance.name)
    const login = { user: principal.applicationId, password }
    const before = await scrape(lakegate)
    const grew = async (series: string, by: number) =>
      waitFor(`${series} to grow by ${String(by)}`, async () => {
        return valueOf(await scrape(lakegate), series) >= valueOf(before, series) + by
      })
    for (let count = 0; count < 4; count += 1) {
      await inSession(lakegate, login, async (client) => {
        await client.query(`SELECT repeat('x', 50000)`)
      })
      await refusedLogin(lakegate, { ...login, password: 'no token' })
    }
    await grew('lakegate_logins_total', 4)
    await grew('lakegate_login_refusals_total{reason="token_not_decodable"}', 4)
    await grew('lakegate_token_verifications_total{result="accepted"}', 4)
    await grew('lakegate_session_bytes_total{direction="to_client"}', 200_000)
    await grew('lakegate_login_step_seconds_count{step="open_backend"}', 4)
    await grew('lakegate_login_seconds_count', 4)
    await grew('lakegate_audit_written_total', 8)
    const text = await scrape(lakegate)
    expect(text).not.toContain(principal.applicationId)
    expect(text).not.toContain(principal.id)
    expect(valueOf(text, 'lakegate_audit_dropped_total')).toBe(0)
    await inSession(lakegate, login, async () => {
      await waitFor('the session in the count', async () => {
        return valueOf(await scrape(lakegate), 'lakegate_open_sessions') >= 1
      })
    })
  })

  it('answers nobody behind a proxy', async () => {
    const response = await fetch(`${lakegate.ready.http_url}/metrics`, {
      headers: { 'x-forwarded-for': '203.0.113.7' },
    })
    expect([response.status, await response.text()]).toEqual([403, ''])
  })
})
