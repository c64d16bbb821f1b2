/** behaviour 66: refresh tokens, devices, introspection and revocation for people who signed in. */
import { createHash } from 'node:crypto'
import * as client from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { createLakegateHttp } from '@lakegate/client'
import { CLI_SCOPE, prepareCliLogin } from '../stage/cli-login.ts'
import { openInsider } from '../stage/insider.ts'
import { createPerson, formAction, Visitor, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { createServicePrincipal, refusedLogin } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const { cli, discover, login, tokenError, exchangeFrom } = await prepareCliLogin(lakegate)

let ada: Person
beforeAll(async () => {
  ada = await createPerson(lakegate)
})

describe('a refresh token', () => {
  it('is replaced at every use, and its reuse ends the whole family', async () => {
    const first = (await login(ada)).refresh_token ?? ''
    const second = await client.refreshTokenGrant(cli, first)
    expect(second.refresh_token).not.toBe(first)
    // Racing processes of one user are served within a short grace (wire-contract §3.6) …
    const racing = await client.refreshTokenGrant(cli, first)
    expect(racing.access_token).toBeDefined()
    // … and all of them belong to one family, which ends with its revocation.
    await client.tokenRevocation(cli, racing.refresh_token ?? '')
    await expect(client.refreshTokenGrant(cli, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('that was replaced long ago ends the whole family, the thief’s and the owner’s (RFC 9700 §4.14.2)', async () => {
    const first = (await login(ada)).refresh_token ?? ''
    const second = (await client.refreshTokenGrant(cli, first)).refresh_token ?? ''
    const insider = await openInsider(lakegate)
    try {
      // The grace of ten seconds is over.
      await insider.database
        .updateTable('oauth_record')
        .set({ consumed_at: new Date(Date.now() - 11_000) })
        .where('id_hash', '=', createHash('sha256').update(first).digest())
        .execute()
    } finally {
      await insider.close()
    }
    for (const token of [first, second])
      expect(await tokenError({ grant_type: 'refresh_token', refresh_token: token })).toEqual({
        status: 400,
        error: 'invalid_grant',
        error_description: 'Refresh token is invalid',
      })
  })

  it('is ended by nobody but the application it belongs to (RFC 7009 §2.1)', async () => {
    const tokens = await login(ada)
    const principal = await createServicePrincipal(lakegate, 'revoker')
    const stranger = await discover(principal.applicationId, principal.secret)
    await client.tokenRevocation(stranger, tokens.refresh_token ?? '').catch((error: unknown) => {
      expect(error).toMatchObject({ status: 400 })
    })
    const renewed = await client.refreshTokenGrant(cli, tokens.refresh_token ?? '')
    await client.tokenRevocation(cli, renewed.refresh_token ?? '')
    await expect(client.refreshTokenGrant(cli, renewed.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  it('that is not valid is refused in the words that the CLI knows', async () => {
    expect(await tokenError({ grant_type: 'refresh_token', refresh_token: 'nonsense' })).toEqual({
      status: 400,
      error: 'invalid_grant',
      error_description: 'Refresh token is invalid',
    })
  })

  it('ends with the deactivation of the person, at once (behaviour 42)', async () => {
    const person = await createPerson(lakegate)
    const tokens = await login(person)
    const path = `/api/2.0/preview/scim/v2/Users/${person.id}`
    const setActive = (value: boolean) =>
      admin.request('PATCH', path, { Operations: [{ op: 'replace', path: 'active', value }] })
    await setActive(false)
    const refreshed = client.refreshTokenGrant(cli, tokens.refresh_token ?? '')
    await expect(refreshed).rejects.toMatchObject({ error: 'invalid_grant' })
    const rest = createLakegateHttp(ready.http_url, () => tokens.access_token)
    await expect(rest.request('GET', '/api/2.0/preview/scim/v2/Me')).rejects.toMatchObject({ status: 401 })
  })

  it('is no password and no bearer (attack 19)', async () => {
    const token = (await login(ada)).refresh_token ?? ''
    expect((await refusedLogin(lakegate, { user: ada.userName, password: token })).code).toBe('28P01')
    const rest = createLakegateHttp(ready.http_url, () => token)
    await expect(rest.request('GET', '/api/2.0/preview/scim/v2/Me')).rejects.toMatchObject({ status: 401 })
  })
})

describe('the device grant', () => {
  it('signs a device in without a browser of its own', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: CLI_SCOPE })
    expect(device.user_code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
    const visitor = new Visitor()
    const entry = await visitor.visit(device.verification_uri)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(entry.text)?.[1] ?? ''
    const confirmation = await visitor.submit(entry.url, { xsrf, user_code: device.user_code })
    expect(confirmation.text).toContain(device.user_code)
    expect(confirmation.text).toContain('Databricks CLI')
    let page = await visitor.submit(entry.url, { xsrf, user_code: device.user_code, confirm: 'yes' })
    page = await visitor.submit(formAction(page, 'sign-in'), {
      user_name: ada.userName,
      password: ada.password,
    })
    page = await visitor.submit(formAction(page, 'consent'), {})
    expect(page.text).toContain('Device connected')
    const tokens = await client.pollDeviceAuthorizationGrant(cli, device)
    const rest = createLakegateHttp(ready.http_url, () => tokens.access_token)
    await expect(rest.request('GET', '/api/2.0/preview/scim/v2/Me')).resolves.toMatchObject({ id: ada.id })
    const again = tokenError({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device.device_code,
    })
    expect(await again).toMatchObject({ error: 'invalid_grant' })
  })

  it('lets nobody try code after code: the twenty-first from one address waits (attack 32)', async () => {
    // An address of its own, or the other tests would wait too.
    const localAddress = '127.0.3.66'
    let page = await exchangeFrom(localAddress, '/oidc/device')
    const cookie = page.cookies
    const attempt = async (user_code: string) => {
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
      page = await exchangeFrom(localAddress, '/oidc/device', { cookie, form: { xsrf, user_code } })
      return page
    }
    for (let count = 0; count < 20; count += 1)
      expect((await attempt('BBBB-BBBB')).text).toContain('not known')
    const device = await client.initiateDeviceAuthorization(cli, { scope: CLI_SCOPE })
    expect((await attempt(device.user_code)).status).toBe(429)
    expect(device.expires_in).toBeLessThanOrEqual(600)
  })

  it('gives nothing before a person allowed it', async () => {
    const device = await client.initiateDeviceAuthorization(cli, { scope: CLI_SCOPE })
    const early = tokenError({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device.device_code,
    })
    expect(await early).toMatchObject({ status: 400, error: 'authorization_pending' })
  })
})

describe('introspection', () => {
  it('tells a client that has a secret what a token is, and a stranger nothing', async () => {
    const { access_token, refresh_token = '' } = await login(ada)
    // A public client proves nothing by its name (RFC 7662 §2.1).
    await expect(client.tokenIntrospection(cli, access_token)).rejects.toMatchObject({ status: 401 })
    const principal = await createServicePrincipal(lakegate, 'introspector')
    const machine = await discover(principal.applicationId, principal.secret)
    expect(await client.tokenIntrospection(machine, access_token)).toMatchObject({
      active: true,
      username: ada.userName,
      sub: ada.id,
      scope: 'all-apis',
    })
    expect(await client.tokenIntrospection(machine, 'nonsense')).toEqual({ active: false })
    expect(await client.tokenIntrospection(machine, refresh_token)).toEqual({ active: false })
    const wrong = await discover(principal.applicationId, 'dose-wrong')
    await expect(client.tokenIntrospection(wrong, access_token)).rejects.toMatchObject({ status: 401 })
  })
})
