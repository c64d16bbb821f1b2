/** behaviour 25, wire-contract §4.5: personal access tokens are made, listed, revoked; good for REST, never a password. */
import { describe, expect, it } from 'vitest'
import { createLakegateHttp, type TokenInfo } from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  mintCredential,
  refusedLogin,
} from '../stage/service-principal.ts'
import { refusal } from '../stage/refusal.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate

interface Created {
  token_value: string
  token_info: TokenInfo
}
const withToken = (token: string) => createLakegateHttp(ready.http_url, () => token)
const me = (token: string) => withToken(token).request<{ id: string }>('GET', '/api/2.0/preview/scim/v2/Me')

describe('a personal access token', () => {
  it('is made by its owner, shown once, and opens REST until it is revoked', async () => {
    const principal = await createServicePrincipal(lakegate, 'owner of a token')
    const created = await principal.http.request<Created>('POST', '/api/2.0/token/create', {
      comment: 'for CI',
      lifetime_seconds: 3600,
    })
    expect(created.token_value).toMatch(/^dapi[0-9a-f]{40}$/)
    expect(created.token_info).toMatchObject({ comment: 'for CI', scopes: ['all-apis'] })
    expect(created.token_info.expiry_time - created.token_info.creation_time).toBe(3_600_000)
    expect(await me(created.token_value)).toMatchObject({ id: principal.id })
    const { token_infos } = await principal.http.request<{ token_infos: object[] }>(
      'GET',
      '/api/2.0/token/list',
    )
    expect(token_infos).toEqual([created.token_info])
    expect(JSON.stringify(token_infos)).not.toContain(created.token_value)
    await principal.http.request('POST', '/api/2.0/token/delete', { token_id: created.token_info.token_id })
    expect(await refusal(me(created.token_value))).toMatchObject({ status: 401 })
  })

  it('mints, and is no password itself (behaviours 3, 25)', async () => {
    const principal = await createServicePrincipal(lakegate, 'minter')
    await createRoleFor(lakegate, principal)
    const { token_value } = await principal.http.request<Created>('POST', '/api/2.0/token/create', {})
    await expect(mintCredential(withToken(token_value), ready.instance.name)).resolves.toMatch(/^ey/)
    const error = await refusedLogin(lakegate, { user: principal.applicationId, password: token_value })
    expect(error.code).toBe('28P01')
    expect(error.message).toContain('Failed to decode token')
  })

  it('opens no more than its scopes, which are no more than those of its maker', async () => {
    const principal = await createServicePrincipal(lakegate, 'narrow')
    const { token_value } = await principal.http.request<Created>('POST', '/api/2.0/token/create', {
      scopes: ['postgres'],
    })
    expect(await me(token_value)).toMatchObject({ id: principal.id })
    const users = withToken(token_value).request('GET', '/api/2.0/preview/scim/v2/Users')
    expect(await refusal(users)).toMatchObject({ status: 403 })
    const wider = withToken(token_value).request('POST', '/api/2.0/token/create', { scopes: ['all-apis'] })
    expect(await refusal(wider)).toMatchObject({ status: 403 })
    const unknown = principal.http.request('POST', '/api/2.0/token/create', { scopes: ['everything'] })
    expect(await refusal(unknown)).toMatchObject({ status: 400 })
  })

  it('of somebody else is neither seen nor revoked by its id (attack 35)', async () => {
    const [owner, thief] = [
      await createServicePrincipal(lakegate, 'owner'),
      await createServicePrincipal(lakegate, 'thief'),
    ]
    const { token_info } = await owner.http.request<Created>('POST', '/api/2.0/token/create', {})
    const steal = thief.http.request('POST', '/api/2.0/token/delete', { token_id: token_info.token_id })
    expect(await refusal(steal)).toMatchObject({ status: 404 })
    const look = thief.http.request('GET', '/api/2.0/token-management/tokens')
    expect(await refusal(look)).toMatchObject({ status: 403 })
  })

  it('is managed by administrators: made on behalf of, listed, revoked', async () => {
    const principal = await createServicePrincipal(lakegate, 'managed')
    const created = await admin.request<Created>('POST', '/api/2.0/token-management/on-behalf-of/tokens', {
      application_id: principal.applicationId,
      comment: 'from above',
    })
    expect(await me(created.token_value)).toMatchObject({ id: principal.id })
    const { token_id } = created.token_info
    const maker = await admin.request<{ id: string; userName: string }>('GET', '/api/2.0/preview/scim/v2/Me')
    expect(created.token_info).toMatchObject({
      owner_id: Number(principal.id),
      created_by_id: Number(maker.id),
      created_by_username: maker.userName,
    })
    const path = `/api/2.0/token-management/tokens/${token_id}`
    expect(await admin.request('GET', path)).toMatchObject({
      token_info: { owner_id: Number(principal.id), expiry_time: -1 },
    })
    const list = await admin.request<{ token_infos: TokenInfo[] }>('GET', '/api/2.0/token-management/tokens')
    expect(list.token_infos.map((info) => info.token_id)).toContain(token_id)
    await admin.request('DELETE', path)
    expect(await refusal(me(created.token_value))).toMatchObject({ status: 401 })
  })

  it('is in no list from the moment at which it expires', async () => {
    const principal = await createServicePrincipal(lakegate, 'short')
    const { token_info } = await principal.http.request<Created>('POST', '/api/2.0/token/create', {
      lifetime_seconds: 1,
    })
    const lists = async () => [
      ...(await principal.http.request<{ token_infos: TokenInfo[] }>('GET', '/api/2.0/token/list'))
        .token_infos,
      ...(await admin.request<{ token_infos: TokenInfo[] }>('GET', '/api/2.0/token-management/tokens'))
        .token_infos,
    ]
    await waitFor('the lists without it', async () =>
      (await lists()).every(({ token_id }) => token_id !== token_info.token_id),
    )
    const one = admin.request('GET', `/api/2.0/token-management/tokens/${token_info.token_id}`)
    expect(await refusal(one)).toMatchObject({ status: 404 })
  })
})
