/** The session of the browser at the web console (design 3.1 and 3.2): how it begins, what it opens, how it ends. */
import type { DatabaseInstance, ScimUser } from '@lakegate/client'
import { describe, expect, it } from 'vitest'
import { cookieOf, openConsole, signInToConsole } from '../stage/console-session.ts'
import { openInsider } from '../stage/insider.ts'
import { createPerson, formAction, requestSignInLink, Visitor } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const { ready, admin } = lakegate
const origin = ready.http_url
const HOUR_MS = 60 * 60 * 1000

const errorOf = async (response: Response) => {
  const { error_code: code } = (await response.json()) as { error_code: string }
  return { status: response.status, code }
}
const OVER = { status: 401, code: 'SESSION_OVER' }

describe('signing in to the console', () => {
  it('leads by the sign-in page, without a question for consent, to the page that was wanted', async () => {
    const visitor = new Visitor()
    const person = await createPerson(lakegate)
    const page = await openConsole(origin, person, visitor, '/console/compute/instances?state=x#top')
    expect(page.url.href).toBe(`${origin}/console/compute/instances?state=x#top`)
    expect(cookieOf(visitor)).toMatch(/^lakegate-console=[\w-]{43}$/)
  })

  it('tells the page who is signed in, where, and until when', async () => {
    const person = await createPerson(lakegate, 'Ada')
    const { session } = await signInToConsole(origin, person)
    expect(session).toMatchObject({
      person: { id: person.id, name: person.userName, display_name: 'Ada', type: 'USER' },
      account_id: ready.account_id,
      workspace: { id: ready.workspace_id, url: origin },
      is_workspace_admin: false,
      is_account_admin: false,
    })
    expect(session.workspaces).toEqual([session.workspace])
    expect(session).not.toHaveProperty('sign_in_provider')
    const idle = new Date(session.idle_end_time).getTime() - Date.now()
    expect(idle).toBeGreaterThan(7.9 * HOUR_MS)
    expect(idle).toBeLessThanOrEqual(8 * HOUR_MS)
    // That of the sign-in pages, which is shorter than its own 24 hours.
    const end = new Date(session.end_time).getTime() - Date.now()
    expect(end).toBeGreaterThan(11.9 * HOUR_MS)
    expect(end).toBeLessThanOrEqual(12 * HOUR_MS)
  })

  it('asks nobody for the password who has just set it by a link', async () => {
    const user = await admin.request<ScimUser>('POST', '/api/2.0/preview/scim/v2/Users', {
      userName: 'invited-to-the-console@example.com',
    })
    const { url } = await requestSignInLink(lakegate, user.id)
    const visitor = new Visitor()
    const password = 'quite a long secret'
    const page = await visitor.submit(url, { password, repetition: password })
    expect(page.url.pathname).toBe('/console')
    const { session } = await signInToConsole(origin, undefined, visitor)
    expect(session.person.id).toBe(user.id)
  })

  it('is not shown as an application beside the browser, and leads back to the console', async () => {
    const { visitor } = await signInToConsole(origin, await createPerson(lakegate))
    const account = await visitor.visit(`${origin}/oidc/account`)
    expect(account.text).not.toContain('the Lakegate console')
    expect(account.text).toContain('href="/console"')
    const front = await visitor.step(origin)
    expect(front.headers.get('location')).toBe('/console')
  })

  it('goes on where everything else is signed out, and can be renewed then', async () => {
    const insider = await openInsider(lakegate)
    const person = await createPerson(lakegate)
    const elsewhere = await signInToConsole(origin, person)
    const here = await signInToConsole(origin, person)
    await here.visitor.submit(`${origin}/oidc/account/sessions/end-others`, {})
    expect(await errorOf(await elsewhere.ask('GET', '/console/api/session'))).toEqual(OVER)
    await insider.database
      .updateTable('console_session')
      .set({ access_token_expires_at: new Date() })
      .where('identity_id', '=', person.id)
      .execute()
    expect((await here.ask('GET', '/console/api/session')).status).toBe(200)
    await insider.close()
  })
})

describe('the API of the console', () => {
  it('answers with what the same route of the API answers', async () => {
    const { ask } = await signInToConsole(origin, await createPerson(lakegate))
    const answer = await ask('GET', '/console/api/2.0/database/instances')
    expect(answer.status).toBe(200)
    const { database_instances: instances } = (await answer.json()) as {
      database_instances?: DatabaseInstance[]
    }
    expect(instances ?? []).toBeInstanceOf(Array)
    const me = await ask('GET', '/console/api/2.0/preview/scim/v2/Me')
    expect(me.status).toBe(200)
  })

  it('refuses what the person may not do with the same words', async () => {
    const { ask } = await signInToConsole(origin, await createPerson(lakegate))
    const answer = await ask('GET', '/console/api/2.0/lakegate/audit')
    const refused = await errorOf(answer)
    expect(refused).toEqual({ status: 403, code: 'PERMISSION_DENIED' })
  })

  it('changes things for the page', async () => {
    const { ask } = await signInToConsole(origin, await createPerson(lakegate))
    const made = await ask('POST', '/console/api/2.0/token/create', { body: { comment: 'by the console' } })
    expect(made.status).toBe(200)
  })

  it('does not know paths that the API does not know', async () => {
    const { ask } = await signInToConsole(origin, await createPerson(lakegate))
    expect(await errorOf(await ask('GET', '/console/api/2.0/nothing'))).toMatchObject({ status: 404 })
    expect(await errorOf(await ask('GET', '/console/api'))).toMatchObject({ status: 404 })
  })
})

describe('the end of a session of the console', () => {
  it('comes with signing out, for the sign-in pages too', async () => {
    const { ask, visitor } = await signInToConsole(origin, await createPerson(lakegate))
    const answer = await ask('POST', '/console/api/sign-out')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('set-cookie')).toMatch(/^lakegate-console=; .*Max-Age=0/)
    expect(await errorOf(await ask('GET', '/console/api/session'))).toEqual(OVER)
    const again = await openConsole(origin, undefined, visitor)
    expect(again.text).toContain('name="password"')
  })

  it('comes with signing out at the account page', async () => {
    const { ask, visitor } = await signInToConsole(origin, await createPerson(lakegate))
    const account = await visitor.visit(`${origin}/oidc/account`)
    await visitor.submit(formAction(account, 'sign-out'), {})
    expect(await errorOf(await ask('GET', '/console/api/session'))).toEqual(OVER)
  })

  it('comes when an administrator ends the sign-in session', async () => {
    const person = await createPerson(lakegate)
    const { ask } = await signInToConsole(origin, person)
    const path = `/api/2.0/lakegate/users/${person.id}/sessions`
    const { sessions } = await admin.request<{ sessions: { session_id: string }[] }>('GET', path)
    expect(sessions).toHaveLength(1)
    await admin.request('DELETE', `${path}/${sessions[0]?.session_id ?? ''}`)
    expect(await errorOf(await ask('GET', '/console/api/session'))).toEqual(OVER)
  })

  it('comes when the person is deactivated, and when it is deleted', async () => {
    const person = await createPerson(lakegate)
    const user = `/api/2.0/preview/scim/v2/Users/${person.id}`
    const { ask } = await signInToConsole(origin, person)
    const setActive = (active: boolean) =>
      admin.request('PATCH', user, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'active', value: active }],
      })
    await setActive(false)
    expect(await errorOf(await ask('GET', '/console/api/session'))).toEqual(OVER)
    await setActive(true)
    const again = await signInToConsole(origin, person)
    await admin.request('DELETE', user)
    expect(await errorOf(await again.ask('GET', '/console/api/session'))).toEqual(OVER)
  })
})

describe('pages of the server below /console', () => {
  it('leads on from the page of a server that starts', async () => {
    const answer = await fetch(`${origin}/console/starting?destination=/console/audit`, {
      redirect: 'manual',
    })
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('/console/audit')
  })

  it('says that the browser is signed out, with the way back', async () => {
    const answer = await fetch(`${origin}/console/signed-out`)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('href="/console/sign-in"')
  })

  it('takes nothing but reading', async () => {
    const answer = await fetch(`${origin}/console`, { method: 'POST', redirect: 'manual' })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET, HEAD')
    for (const path of ['/console/sign-in', '/console/callback'])
      expect((await fetch(`${origin}${path}`, { method: 'HEAD', redirect: 'manual' })).status).toBe(405)
  })
})
