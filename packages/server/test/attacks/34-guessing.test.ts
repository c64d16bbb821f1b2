/**
 * Attack 34: guessing passwords and device codes, and locking others out by it. A Lakegate of its own, because
 * everybody in these tests sits at one address, and is to be stopped there.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import {
  createPerson,
  formAction,
  requestSignInLink,
  signInAndAllow,
  Visitor,
  type Page,
  type Person,
} from '../stage/person.ts'

let lakegate: OwnLakegate
beforeAll(async () => {
  lakegate = await startOwnLakegate({ LAKEGATE_FIRST_INSTANCE: '' })
})
afterAll(async () => {
  await lakegate.remove()
})

const oauth = (path: string) => `${lakegate.ready.http_url}/oidc${path}`
const authorize = () => {
  const query = new URLSearchParams({
    client_id: 'databricks-cli',
    response_type: 'code',
    redirect_uri: 'http://localhost:8020',
    scope: 'all-apis',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })
  return new URL(oauth(`/v1/authorize?${query.toString()}`))
}
/** The page of signing in, in a browser, and what it answers to a name and a password. */
async function openSignIn(visitor = new Visitor()) {
  const action = formAction(await visitor.visit(authorize()), 'sign-in')
  return (userName: string, password: string) => visitor.submit(action, { user_name: userName, password })
}
const statusesOf = (pages: readonly Page[]) => pages.map(({ status }) => status)

describe('guessing a password', () => {
  it('is counted before it is tried: thirty guesses at once are five', async () => {
    const person = await createPerson(lakegate)
    const attempt = await openSignIn()
    const pages = await Promise.all(
      Array.from({ length: 30 }, (_, index) => attempt(person.userName, `wrong ${String(index)}`)),
    )
    expect(statusesOf(pages).filter((status) => status === 401)).toHaveLength(5)
    expect(statusesOf(pages).filter((status) => status === 403)).toHaveLength(25)
    // In the browser that set the password, the person is let in all the same (see below); elsewhere not yet.
    expect((await (await openSignIn())(person.userName, person.password)).status).toBe(403)
  })

  it('of many names from one address locks out nobody who has signed in before, nor whoever has a link', async () => {
    const person = await createPerson(lakegate)
    const own = new Visitor()
    await signInAndAllow(own, authorize(), person)
    const newcomer = await createPerson(lakegate)
    const { url } = await requestSignInLink(lakegate, newcomer.id)
    const stranger = await openSignIn()
    let last: Page | undefined
    for (let count = 0; count < 60 && last?.status !== 403; count += 1)
      last = await stranger(`${randomUUID()}@example.com`, 'wrong')
    // The address is closed for names in browsers that nobody knows …
    expect(last?.status).toBe(403)
    expect(last?.text).toContain('Too many failed attempts')
    // … and open for a person in the browser of before, session or not,
    const withoutSession = () => {
      const fresh = new Visitor()
      for (const [name, value] of own.cookies('_known_browser'))
        fresh.keep(lakegate.ready.http_url, name, value)
      return fresh
    }
    await expect(signInAndAllow(withoutSession(), authorize(), person)).resolves.toBeInstanceOf(URL)
    // for one who has just set a password by a link,
    const visitor = new Visitor()
    const password = 'a password of the newcomer'
    const set = await visitor.submit(url, { password, repetition: password }, {}, { follows: false })
    expect(set.status).toBe(303)
    // Signed in by that; the password is what is asked for here.
    await visitor.submit(new URL('/oidc/account/sign-out', url), {})
    const known: Person = { ...newcomer, password }
    await expect(signInAndAllow(visitor, authorize(), known)).resolves.toBeInstanceOf(URL)
    // but that browser is known for its own person only, and guesses there are counted as well.
    expect((await (await openSignIn(withoutSession()))(newcomer.userName, password)).status).toBe(403)
  })

  it('goes no faster in a known browser, and none is made up', async () => {
    const person = await createPerson(lakegate)
    const visitor = new Visitor()
    const { url } = await requestSignInLink(lakegate, person.id)
    const password = 'a password of the person'
    await visitor.submit(url, { password, repetition: password }, {}, { follows: false })
    await visitor.submit(new URL('/oidc/account/sign-out', url), {})
    const attempt = await openSignIn(visitor)
    for (let count = 0; count < 5; count += 1)
      expect((await attempt(person.userName, 'wrong')).status).toBe(401)
    expect((await attempt(person.userName, password)).status).toBe(403)
    const forger = new Visitor()
    for (const forged of ['x', 'AAAA', encodeURIComponent('{"browser":"b","userName":"x"}')]) {
      forger.keep(lakegate.ready.http_url, '_known_browser', forged)
      expect((await (await openSignIn(forger))(person.userName, password)).status).toBe(403)
    }
  })
})

describe('guessing a device code (attack 32)', () => {
  it('is stopped after twenty wrong ones, for the right one too', async () => {
    const begun = await fetch(oauth('/v1/device_authorization'), {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'databricks-cli', scope: 'all-apis' }),
    })
    const { user_code, expires_in } = (await begun.json()) as { user_code: string; expires_in: number }
    // 20^8, so that twenty guesses in fifteen minutes are as good as none while the code lives.
    expect(user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(expires_in).toBeLessThanOrEqual(600)
    const visitor = new Visitor()
    let page = await visitor.visit(oauth('/device'))
    const enter = async (code: string) => {
      // Every form has a token of its own against forged posts.
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
      return (page = await visitor.submit(oauth('/device'), { xsrf, user_code: code }))
    }
    expect((await enter(user_code)).text).toContain('Is this your device?')
    for (let count = 0; count < 20; count += 1)
      expect((await enter(`BBBB-BB${'BCDFGHJKLMNPQRSTVWXZ'.charAt(count)}B`)).text).toContain('not known')
    const stopped = await enter(user_code)
    expect(stopped.status).toBe(429)
    expect(stopped.text).not.toContain('Is this your device?')
  })
})
