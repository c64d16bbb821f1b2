/** behaviour 66: the page on which people see and end what is signed in as them, and change their password. */
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { CLI_SCOPE, prepareCliLogin } from '../stage/cli-login.ts'
import { createPerson, formAction, Visitor, type Page, type Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const ACCOUNT = new URL(`${ready.http_url}/oidc/account`)

const { cli, authorizationRequest, login } = await prepareCliLogin(lakegate)
/** The whole way of `databricks auth login` in this browser. */
const allowCli = (visitor: Visitor, person: Person) => login(person, CLI_SCOPE, visitor)

async function openAccount(visitor: Visitor, person: Person): Promise<Page> {
  const page = await visitor.visit(ACCOUNT)
  return page.text.includes('/sign-in"')
    ? visitor.submit(formAction(page, 'sign-in'), { user_name: person.userName, password: person.password })
    : page
}

const refresh = (token: string | undefined) => client.refreshTokenGrant(cli, token ?? '')
const REFUSED = { error: 'invalid_grant' }
const heading = ({ text }: Page) => /<h1>([^<]*)</.exec(text)?.[1]
const countPlaces = ({ text }: Page) => text.split('<li>').length - 1
/** The button beside an application or browser that is not this one. */
const endFirst = (page: Page) => formAction(page, 'sessions/[0-9a-f]+/end')

describe('the account page', () => {
  it('asks a stranger to sign in, and comes back', async () => {
    const person = await createPerson(lakegate, 'Ada Account')
    const visitor = new Visitor()
    const asked = await visitor.visit(ACCOUNT)
    expect(heading(asked)).toBe('Sign in')
    expect(asked.text).toContain('your account')
    const page = await visitor.submit(formAction(asked, 'sign-in'), {
      user_name: person.userName,
      password: person.password,
    })
    expect(page.url.pathname).toBe('/oidc/account')
    expect(page.url.searchParams.has('code')).toBe(false)
    expect(heading(page)).toBe('Your account')
    expect(page.text).toContain('Ada Account')
    expect(page.text).toContain(person.userName)
  })

  it('names every browser and application that is signed in, and which browser this is', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    await allowCli(visitor, person)
    await openAccount(new Visitor(), person)
    const page = await openAccount(visitor, person)
    expect(countPlaces(page)).toBe(3)
    expect(page.text.split('this browser')).toHaveLength(2)
    expect(page.text).toContain('Databricks CLI')
    expect(page.text).toMatch(/<time datetime="20\d\d-/)
  })

  it('ends an application: its refresh tokens are dead at once', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    const tokens = await allowCli(visitor, person)
    const renewed = await refresh(tokens.refresh_token)
    const after = await visitor.submit(endFirst(await openAccount(visitor, person)), {})
    expect(after.text).toContain('role="status"')
    expect(countPlaces(after)).toBe(1)
    await expect(refresh(renewed.refresh_token)).rejects.toMatchObject(REFUSED)
    await expect(refresh(tokens.refresh_token)).rejects.toMatchObject(REFUSED)
  })

  it('ends a browser: it has to sign in again, in the account and everywhere', async () => {
    const person = await createPerson(lakegate)
    const [lost, kept] = [new Visitor(), new Visitor()]
    await openAccount(lost, person)
    await kept.submit(endFirst(await openAccount(kept, person)), {})
    expect(heading(await lost.visit(ACCOUNT))).toBe('Sign in')
    expect(heading(await kept.visit(ACCOUNT))).toBe('Your account')
  })

  it('signs out everywhere else with one button, and stays signed in itself', async () => {
    const person = await createPerson(lakegate)
    const [other, own] = [new Visitor(), new Visitor()]
    const tokens = await allowCli(other, person)
    const page = await openAccount(own, person)
    const after = await own.submit(formAction(page, 'end-others'), {})
    expect(heading(after)).toBe('Your account')
    expect(countPlaces(after)).toBe(1)
    expect(after.text).not.toContain('end-others')
    await expect(refresh(tokens.refresh_token)).rejects.toMatchObject(REFUSED)
    expect(heading(await other.visit(ACCOUNT))).toBe('Sign in')
  })

  it('signs this browser out; applications go on', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    const tokens = await allowCli(visitor, person)
    const cookie = visitor.cookieHeader(ACCOUNT)
    const page = await visitor.submit(formAction(await openAccount(visitor, person), 'sign-out'), {})
    expect(heading(page)).toBe('Signed out')
    expect(visitor.cookieHeader(ACCOUNT)).not.toContain('_session=')
    // Who kept the cookie has nothing in it.
    const kept = await fetch(ACCOUNT, { headers: { cookie }, redirect: 'manual' })
    expect(kept.status).toBe(303)
    await expect(refresh(tokens.refresh_token)).resolves.toBeDefined()
  })

  it('ends nothing of somebody else (attack 35)', async () => {
    const [victim, thief] = [await createPerson(lakegate), await createPerson(lakegate)]
    const visitor = new Visitor()
    const tokens = await allowCli(visitor, victim)
    const action = endFirst(await openAccount(visitor, victim))
    const other = new Visitor()
    await openAccount(other, thief)
    await other.submit(action, {})
    await expect(refresh(tokens.refresh_token)).resolves.toBeDefined()
  })

  it('is closed at once to whoever is deactivated, and leads to signing in, not in circles', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    await openAccount(visitor, person)
    await admin.request('PATCH', `/api/2.0/preview/scim/v2/Users/${person.id}`, {
      Operations: [{ op: 'replace', path: 'active', value: false }],
    })
    expect(heading(await visitor.visit(ACCOUNT))).toBe('Sign in')
  })
})

describe('changing the password there', () => {
  const REPLACEMENT = 'a completely different one'
  const change = (visitor: Visitor, page: Page, fields: Record<string, string>) =>
    visitor.submit(formAction(page, 'account/password'), {
      password: REPLACEMENT,
      repetition: REPLACEMENT,
      ...fields,
    })

  it('ends every other session and application, not this one', async () => {
    const person = await createPerson(lakegate)
    const [other, own] = [new Visitor(), new Visitor()]
    const tokens = await allowCli(other, person)
    const after = await change(own, await openAccount(own, person), { current: person.password })
    expect(after.text).toContain('password is changed')
    expect(countPlaces(after)).toBe(1)
    await expect(refresh(tokens.refresh_token)).rejects.toMatchObject(REFUSED)
    expect(heading(await openAccount(new Visitor(), person))).toBe('Sign in')
    expect(heading(await openAccount(new Visitor(), { ...person, password: REPLACEMENT }))).toBe(
      'Your account',
    )
  })

  it('ends a sign-in with the old password that was not finished yet (attack 33)', async () => {
    const person = await createPerson(lakegate)
    const thief = new Visitor()
    const form = formAction(await thief.visit(ACCOUNT), 'sign-in')
    const accepted = await fetch(form, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: form.origin, cookie: thief.cookieHeader(form) },
      body: new URLSearchParams({ user_name: person.userName, password: person.password }),
    })
    expect(accepted.status).toBe(303)
    const own = new Visitor()
    await change(own, await openAccount(own, person), { current: person.password })
    const resumed = await thief.visit(accepted.headers.get('location') ?? '')
    expect(heading(resumed)).not.toBe('Your account')
    expect(heading(await thief.visit(ACCOUNT))).toBe('Sign in')
  })

  it.each([
    ['the current one is wrong', { current: 'not this one' }, 401, 'current password is wrong'],
    ['the new ones differ', { repetition: 'something else' }, 400, 'differ'],
    ['the new one is too short', { password: 'short', repetition: 'short' }, 400, 'at least 12'],
  ])('is refused when %s', async (_why, fields, status, problem) => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    const page = await openAccount(visitor, person)
    const answer = await change(visitor, page, { current: person.password, ...fields })
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(problem)
    expect(heading(await openAccount(new Visitor(), person))).toBe('Your account')
  })

  it('cannot be used to guess: it is slowed down with signing in (attack 34)', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    const page = await openAccount(visitor, person)
    for (let count = 0; count < 5; count += 1)
      expect((await change(visitor, page, { current: 'not this one' })).status).toBe(401)
    expect((await change(visitor, page, { current: person.password })).status).toBe(403)
    const elsewhere = new Visitor()
    const asked = await elsewhere.visit(ACCOUNT)
    const refused = await elsewhere.submit(formAction(asked, 'sign-in'), {
      user_name: person.userName,
      password: person.password,
    })
    expect(refused.status).toBe(403)
  })
})

describe('other sites (attack 33)', () => {
  it('can neither frame the page, nor post to it, nor read it by another host name', async () => {
    const person = await createPerson(lakegate, '"><script>alert(1)</script>')
    const visitor = new Visitor()
    const tokens = await allowCli(visitor, person)
    const page = await openAccount(visitor, person)
    expect(page.text).not.toContain('<script')
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('cache-control')).toBe('no-store')
    for (const ending of ['end-others', 'sign-out', 'account/password', 'sessions/[0-9a-f]+/end']) {
      const action = formAction(page, ending)
      expect((await visitor.submit(action, {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
      const cookie = visitor.cookieHeader(action)
      const headers = { cookie, origin: 'https://evil.example.com' }
      expect((await fetch(action, { method: 'POST', headers })).status).toBe(403)
      expect((await fetch(action, { headers: { cookie } })).status).toBe(403)
    }
    await expect(refresh(tokens.refresh_token)).resolves.toBeDefined()
  })

  it('cannot plant a session: its identifier changes when somebody signs in', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    const sessionOf = () => /_session=([^;]*)/.exec(visitor.cookieHeader(ACCOUNT))?.[1]
    // A page that keeps a session of nobody, whose cookie somebody else might know.
    await visitor.visit(`${ready.http_url}/oidc/device`)
    const before = sessionOf()
    expect(before).toBeDefined()
    await openAccount(visitor, person)
    expect(sessionOf()).toBeDefined()
    expect(sessionOf()).not.toBe(before)
  })
})

describe('a browser that somebody else has used', () => {
  it('lets the next person sign in when an application asks for it', async () => {
    const [first, second] = [await createPerson(lakegate), await createPerson(lakegate)]
    const visitor = new Visitor()
    await openAccount(visitor, first)
    const { url } = await authorizationRequest({ prompt: 'login' })
    const page = await visitor.visit(url)
    const consent = await visitor.submit(formAction(page, 'sign-in'), {
      user_name: second.userName,
      password: second.password,
    })
    expect(heading(consent)).toBe('Allow access?')
    expect(consent.text).toContain(second.userName)
    expect((await visitor.visit(ACCOUNT)).text).toContain(second.userName)
  })

  it.each([
    ['deleted', (path: string) => admin.request('DELETE', path)],
    [
      'deactivated',
      (path: string) =>
        admin.request('PATCH', path, { Operations: [{ op: 'replace', path: 'active', value: false }] }),
    ],
  ])('asks again when the person in it is %s', async (_what, act) => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    await openAccount(visitor, person)
    await act(`/api/2.0/preview/scim/v2/Users/${person.id}`)
    const { url } = await authorizationRequest()
    expect(heading(await visitor.visit(url))).toBe('Sign in')
  })
})
