/** How an instance is used over time, over all processes of all gateways, for whoever may use it. */
import { describe, expect, it } from 'vitest'
import type { InstanceMetricsAnswer } from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createPrincipalWithRole,
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { name } = lakegate.ready.instance
const path = (query = '') => `/api/2.0/lakegate/instances/${name}/metrics${query}`
const since = (instant: Date) => path(`?since=${encodeURIComponent(instant.toISOString())}`)
const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0)

describe('the metrics of an instance', () => {
  it('have logins, refusals, times, sessions and bytes of both endpoints, whichever worker served them', async () => {
    // A point is of ten seconds, and given when it begins at that time or later.
    const began = new Date(Date.now() - 10_000)
    const principal = await createPrincipalWithRole(lakegate, 'seen over time')
    const password = await mintCredential(principal.http, name)
    const login = { user: principal.applicationId, password }
    const { pooled_host: host, pooled_port: port } = lakegate.ready.instance
    for (let count = 0; count < 3; count += 1) {
      await inSession(lakegate, login, (client) => client.query(`SELECT repeat('x', 50000)`))
      await refusedLogin(lakegate, { ...login, password: 'no token' })
    }
    await inSession(lakegate, login, () =>
      inSession(lakegate, { ...login, instance: { host, port } }, async (client) => {
        await client.query('BEGIN')
        const { points } = await waitFor('a point with all of it', async () => {
          const metrics = await lakegate.admin.request<InstanceMetricsAnswer>('GET', since(began))
          const last = metrics.points.at(-1)
          return (last?.open_sessions ?? 0) >= 2 && (last?.pooled_backends_in_use ?? 0) >= 1
            ? metrics
            : undefined
        })
        expect(sum(points.map((point) => point.logins_admitted))).toBeGreaterThanOrEqual(5)
        expect(
          sum(points.map((point) => point.logins_refused.token_not_decodable ?? 0)),
        ).toBeGreaterThanOrEqual(3)
        expect(sum(points.map((point) => point.bytes_to_client))).toBeGreaterThanOrEqual(150_000)
        expect(points.at(-1)?.pooled_sessions).toBeGreaterThanOrEqual(1)
        expect(points.some((point) => (point.login_milliseconds_p99 ?? 0) > 0)).toBe(true)
        await client.query('ROLLBACK')
      }),
    )
  })

  it('say since when there are any, how long a point is, what the limits are, and that no gateway is silent', async () => {
    // A gateway that another file killed is silent for half a minute.
    const metrics = await waitFor('a point, and all that another file killed is forgotten', async () => {
      const found = await lakegate.admin.request<InstanceMetricsAnswer>('GET', path())
      return found.points.length > 0 && found.silent_gateways === 0 ? found : undefined
    })
    expect(metrics).toMatchObject({
      interval_seconds: 10,
      session_limit: 1000,
      pooled_session_limit: 10_000,
      silent_gateways: 0,
    })
    expect(new Date(metrics.collected_since).getTime()).toBeLessThan(Date.now())
    expect(Object.keys(metrics.points[0] ?? {})).toContain('pooled_clients_waiting')
  })

  it('are put together when there are more than were asked for', async () => {
    const metrics = await waitFor('three points', async () => {
      const found = await lakegate.admin.request<InstanceMetricsAnswer>('GET', path('?points=2'))
      return found.interval_seconds > 10 ? found : undefined
    })
    expect(metrics.points.length).toBeLessThanOrEqual(2)
  })

  it('are for whoever may use the instance', async () => {
    const stranger = await createServicePrincipal(lakegate, 'no level')
    await expect(stranger.http.request('GET', path())).rejects.toMatchObject({ status: 403 })
    await lakegate.admin.request('PATCH', `/api/2.0/permissions/database-instances/${name}`, {
      access_control_list: [{ service_principal_name: stranger.applicationId, permission_level: 'CAN_USE' }],
    })
    await expect(stranger.http.request('GET', path())).resolves.toHaveProperty('points')
  })

  it.each(['?since=yesterday', '?points=0', '?points=1501', '?points=many'])(
    'are not given for %s',
    async (query) => {
      await expect(lakegate.admin.request('GET', path(query))).rejects.toMatchObject({ status: 400 })
    },
  )
})
