/** A browser that is signed in to the web console, without a screen: its cookie, its CSRF value, and requests as its page makes them. */
import type { ConsoleSessionAnswer } from '@lakegate/client'
import { formAction, Visitor, type Page, type Person } from './person.ts'
import type { Fetch } from './trusting-fetch.ts'

export interface ConsoleBrowser {
  readonly origin: string
  readonly visitor: Visitor
  /** `name=value`. */
  readonly cookie: string
  readonly session: ConsoleSessionAnswer
  /** As the page asks: with cookie, Origin, Sec-Fetch-Site and CSRF value; an undefined header is left out. */
  ask(
    method: string,
    path: string,
    options?: {
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string | undefined>>
    },
  ): Promise<Response>
}

export const SESSION_COOKIE = /^(?:__Host-)?lakegate-console$/

const plainFetch: Fetch = (url, options) => fetch(url, { ...options, redirect: 'manual' })

/**
 * @param person who is asked for the password; not needed where the browser is signed in already
 * @param send where the authority is not one that Node knows
 */
export async function signInToConsole(
  origin: string,
  person: Pick<Person, 'userName' | 'password'> | undefined,
  visitor = new Visitor(),
  send: Fetch = plainFetch,
): Promise<ConsoleBrowser> {
  const page = await openConsole(origin, person, visitor)
  const cookie = cookieOf(visitor)
  if (cookie === undefined)
    throw new Error(`not signed in to the console: ${String(page.status)} ${page.url.href} ${page.text}`)
  const asked = await send(new URL('/console/api/session', origin), { headers: { cookie } })
  if (asked.status !== 200) throw new Error(`no session: ${String(asked.status)} ${await asked.text()}`)
  const session = (await asked.json()) as ConsoleSessionAnswer
  return {
    origin,
    visitor,
    cookie,
    session,
    ask(method, path, { body, headers = {} } = {}) {
      const all: Readonly<Record<string, string | undefined>> = {
        cookie,
        ...(method === 'GET'
          ? {}
          : { origin, 'sec-fetch-site': 'same-origin', 'x-lakegate-csrf': session.csrf }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      }
      return send(new URL(path, origin), {
        method,
        headers: Object.fromEntries(
          Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
        ),
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
    },
  }
}

/** @returns the page on which it ends */
export async function openConsole(
  origin: string,
  person: Pick<Person, 'userName' | 'password'> | undefined,
  visitor: Visitor,
  destination?: string,
): Promise<Page> {
  const query = destination === undefined ? '' : `?${new URLSearchParams({ destination }).toString()}`
  const page = await visitor.visit(`${origin}/console/sign-in${query}`)
  if (person === undefined || !page.text.includes('/sign-in"')) return page
  return visitor.submit(formAction(page, 'sign-in'), {
    user_name: person.userName,
    password: person.password,
  })
}

export function cookieOf(visitor: Visitor): string | undefined {
  const [found] = visitor.cookies(SESSION_COOKIE)
  return found === undefined ? undefined : found.join('=')
}
