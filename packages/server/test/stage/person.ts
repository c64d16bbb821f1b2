/** A person with a password, and a browser without a screen: it keeps cookies, follows redirects, posts forms. */
import { randomUUID } from 'node:crypto'
import type { ScimUser, SignInLinkAnswer } from '@lakegate/client'
import type { Lakegate } from './lakegate.ts'
import type { Fetch, FetchOptions } from './trusting-fetch.ts'

export interface Person {
  readonly id: string
  readonly userName: string
  readonly password: string
}

/** @param visitor goes to the page where the password is set */
export async function createPerson(
  lakegate: Pick<Lakegate, 'admin'>,
  displayName = 'Ada',
  visitor = new Visitor(),
): Promise<Person> {
  const user = await lakegate.admin.request<ScimUser>('POST', '/api/2.0/preview/scim/v2/Users', {
    userName: `${randomUUID()}@example.com`,
    displayName,
  })
  const password = `correct horse ${randomUUID()}`
  await setPassword(lakegate, user.id, password, visitor)
  return { id: user.id, userName: user.userName, password }
}

export const requestSignInLink = (
  lakegate: Pick<Lakegate, 'admin'>,
  userId: string,
): Promise<SignInLinkAnswer> =>
  lakegate.admin.request('POST', `/api/2.0/lakegate/users/${userId}/sign-in-link`, {})

export async function setPassword(
  lakegate: Pick<Lakegate, 'admin'>,
  userId: string,
  password: string,
  visitor = new Visitor(),
): Promise<void> {
  const { url } = await requestSignInLink(lakegate, userId)
  // It leads on into the console; who wants to see that goes there.
  const page = await visitor.submit(url, { password, repetition: password }, {}, { follows: false })
  if (page.status !== 303) throw new Error(`the password was not set: ${page.text}`)
  // Tests begin with a browser in which nobody is signed in.
  await visitor.submit(new URL('/oidc/account/sign-out', url), {})
}

export interface Page {
  readonly url: URL
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

const MOST_REDIRECTS = 10

export class Visitor {
  readonly #cookies = new Map<
    string,
    { readonly name: string; readonly value: string; readonly path: string; readonly host: string }
  >()
  readonly #fetch: Fetch

  /** @param fetch where the authority is not one that Node knows */
  constructor(ask: Fetch = (url, options) => fetch(url, { ...options, redirect: 'manual' })) {
    this.#fetch = ask
  }

  /** Goes there and follows redirects within the same host; an address elsewhere is returned, not visited. */
  async visit(url: string | URL): Promise<Page> {
    return this.#go(new URL(url), {})
  }

  /** Posts a form as a browser does from that page. */
  async submit(
    url: string | URL,
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
    options?: { readonly follows: boolean },
  ): Promise<Page> {
    const target = new URL(url)
    const request = {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: target.origin, 'sec-fetch-site': 'same-origin', ...headers },
    }
    return this.#go(target, request, options)
  }

  /** Those of that name, or of such names, with their values. */
  cookies(name: string | RegExp): readonly (readonly [string, string])[] {
    const matches = (found: string) => (typeof name === 'string' ? found === name : name.test(found))
    return [...this.#cookies.values()].flatMap((cookie) =>
      matches(cookie.name) ? [[cookie.name, cookie.value] as const] : [],
    )
  }

  /** Goes there and no further. */
  async step(url: string | URL): Promise<Page> {
    return this.#go(new URL(url), {}, { follows: false })
  }

  /** A cookie that no answer has set: of another visit, or made up. */
  keep(origin: string, name: string, value: string, path = '/'): void {
    const { host } = new URL(origin)
    this.#cookies.set(`${host} ${path} ${name}`, { name, value, path, host })
  }

  /** All of a host, for a browser that goes on with this visit. */
  cookiesOf(url: URL): readonly { readonly name: string; readonly value: string; readonly path: string }[] {
    return [...this.#cookies.values()].filter(({ host }) => host === url.host)
  }

  cookieHeader(url: URL): string {
    return [...this.#cookies.values()]
      .filter(({ host, path }) => host === url.host && url.pathname.startsWith(path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  async #go(start: URL, first: FetchOptions, { follows } = { follows: true }): Promise<Page> {
    let url = start
    let request = first
    for (let hop = 0; hop < MOST_REDIRECTS; hop += 1) {
      const cookie = this.cookieHeader(url)
      const response = await this.#fetch(url, {
        ...request,
        headers: { accept: 'text/html', ...request.headers, ...(cookie === '' ? {} : { cookie }) },
      })
      this.#keep(url, response.headers.getSetCookie())
      const location = response.headers.get('location')
      if (location === null || !follows)
        return { url, status: response.status, text: await response.text(), headers: response.headers }
      const next = new URL(location, url)
      if (next.host !== start.host)
        return { url: next, status: response.status, text: '', headers: response.headers }
      url = next
      request = {}
    }
    throw new Error(`too many redirects from ${start.href}`)
  }

  #keep(url: URL, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
      const separator = pair.indexOf('=')
      const name = pair.slice(0, separator)
      const value = pair.slice(separator + 1)
      const path =
        attributes.find((attribute) => attribute.toLowerCase().startsWith('path='))?.slice(5) ?? '/'
      const key = `${url.host} ${path} ${name}`
      if (value === '') this.#cookies.delete(key)
      else this.#cookies.set(key, { name, value, path, host: url.host })
    }
  }
}

/** From an authorization request to the redirect back: signs in, and allows. */
export async function signInAndAllow(visitor: Visitor, authorizationUrl: URL, person: Person): Promise<URL> {
  let page = await visitor.visit(authorizationUrl)
  if (page.text.includes('name="password"')) {
    page = await visitor.submit(formAction(page, 'sign-in'), {
      user_name: person.userName,
      password: person.password,
    })
  }
  if (page.text.includes('/consent"')) page = await visitor.submit(formAction(page, 'consent'), {})
  if (page.url.host === authorizationUrl.host)
    throw new Error(`not redirected: ${String(page.status)} ${page.text}`)
  return page.url
}

/** The address of the form on a page whose action ends in `ending`. */
export function formAction(page: Page, ending: string): URL {
  const action = new RegExp(`action="([^"]*${ending})"`).exec(page.text)?.[1]
  if (action === undefined)
    throw new Error(`there is no form ${ending} on the page: ${String(page.status)} ${page.text}`)
  return new URL(action.replaceAll('&amp;', '&'), page.url)
}
