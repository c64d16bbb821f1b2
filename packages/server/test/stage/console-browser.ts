/**
 * The console as its people see it: Chromium, one for a file, and a context of its own for each page that is opened, with a
 * person signed in. What a page complains of (violations of the content security policy, errors of its scripts) is kept.
 */
import { execFileSync } from 'node:child_process'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'
import { afterAll, beforeAll, describe } from 'vitest'
import { createPerson, formAction, Visitor, type Person } from './person.ts'
import type { Lakegate } from './lakegate.ts'

/**
 * Of Chromium; empty where there is none. The headless shell is the same engine without the windows around it: it opens a page
 * for a third of the processor time.
 */
export const [executable = ''] = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
].flatMap((name) => {
  try {
    return [execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()]
  } catch {
    // Not installed under that name.
    return []
  }
})

/** As `describe`; where there is no Chromium its tests are skipped, by name. */
export const describeInChromium = describe.skipIf(executable === '')

/** What a page complained of since it was opened. */
export interface Complaints {
  /** Of the content security policy: «directive: what was blocked». */
  readonly violations: string[]
  /** Of the page's console, and errors that nobody caught. */
  readonly errors: string[]
}

export interface OpenConsole {
  readonly person: Pick<Person, 'userName' | 'password'>
  /** Below /console, e.g. `/compute/instances/dev`. */
  readonly path?: string
  readonly context?: BrowserContextOptions
  /** Before anything of the page runs, e.g. what stands in its storage. */
  readonly prepare?: (context: BrowserContext) => Promise<unknown>
}

export interface ConsoleBrowser {
  /** A page of its own context, signed in, at `path`, with its heading there. */
  readonly openConsole: (options: OpenConsole) => Promise<Page>
  /** A context that is signed in, for several pages of one browser. */
  readonly openContext: (options: Omit<OpenConsole, 'path'>) => Promise<BrowserContext>
  readonly complaintsOf: (page: Page) => Complaints
  /** Signs this context in (again); a page of it that said that the sign-in is over finds it by itself. */
  readonly signIn: (context: BrowserContext, person: Pick<Person, 'userName' | 'password'>) => Promise<void>
  /** Takes the cookie of the console away, as its expiry does. */
  readonly endSession: (context: BrowserContext) => Promise<void>
}

/** Starts Chromium before the tests of the file and stops it after them. Call it within `describeInChromium`. */
export function consoleBrowser(lakegate: Pick<Lakegate, 'ready'>): ConsoleBrowser {
  let browser: Browser
  // Asked late: a Lakegate of the file's own is started by its beforeAll.
  const origin = () => lakegate.ready.http_url
  const complaints = new WeakMap<Page, Complaints>()

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser.close()
  })

  const signIn: ConsoleBrowser['signIn'] = (context, person) => signInBrowser(context, origin(), person)

  const openContext: ConsoleBrowser['openContext'] = async ({ person, context: options, prepare }) => {
    const context = await browser.newContext({ baseURL: origin(), reducedMotion: 'reduce', ...options })
    // A machine on which many tests run at once takes its time; what never comes still fails before the test is over.
    context.setDefaultTimeout(60_000)
    context.on('page', (page) => complaints.set(page, listenTo(page)))
    await context.addInitScript({ content: KEEP_VIOLATIONS })
    await signIn(context, person)
    await prepare?.(context)
    return context
  }

  return {
    openContext,
    signIn,
    async openConsole({ path = '/compute/instances', ...options }) {
      const page = await (await openContext(options)).newPage()
      await page.goto(`/console${path}`)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      return page
    },
    complaintsOf(page) {
      const found = complaints.get(page)
      if (found === undefined) throw new Error('this page was not opened by openConsole')
      return found
    },
    async endSession(context) {
      await context.clearCookies({ name: /lakegate-console/ })
    },
  }
}

/**
 * Goes to another page as a link does, and returns when its heading is there, not that of the page before. The console is not
 * loaded anew, which takes four times the processor time; what was asked before stays known to it.
 * @param path below /console
 */
export async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const router = self.__TSR_ROUTER__
    const stop = router.subscribe('onRendered', () => { stop(); resolve() })
    router.history.push(${JSON.stringify(`/console${path}`)})
  })`)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
}

/** Gives a context of any browser the cookies of a person who signs in to the console. */
export async function signInBrowser(
  context: BrowserContext,
  origin: string,
  person: Pick<Person, 'userName' | 'password'>,
): Promise<void> {
  const visitor = await visitConsole(origin, person)
  await context.addCookies(
    visitor.cookiesOf(new URL(origin)).map(({ name, value, path }) => ({
      name,
      value,
      path,
      domain: new URL(origin).hostname,
      httpOnly: true,
      sameSite: 'Strict' as const,
    })),
  )
}

/** Signs in by the pages themselves, as a browser without scripts. */
async function visitConsole(origin: string, person: Pick<Person, 'userName' | 'password'>): Promise<Visitor> {
  const visitor = new Visitor()
  const page = await visitor.visit(`${origin}/console/sign-in`)
  const arrived = await visitor.submit(formAction(page, 'sign-in'), {
    user_name: person.userName,
    password: person.password,
  })
  if (visitor.cookies(/lakegate-console$/).length === 0)
    throw new Error(`not signed in to the console: ${String(arrived.status)} ${arrived.url.href}`)
  return visitor
}

const VIOLATION = 'securitypolicyviolation '

/** Runs in the page before anything else; as text, because tests know no types of a page. */
const KEEP_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('${VIOLATION}' + event.violatedDirective + ': ' + event.blockedURI + ' ' + event.sample))`

function listenTo(page: Page): Complaints {
  const found: Complaints = { violations: [], errors: [] }
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    const text = message.text()
    if (text.startsWith(VIOLATION)) found.violations.push(text.slice(VIOLATION.length))
    else found.errors.push(`${text} (${message.location().url})`)
  })
  page.on('pageerror', (error) => found.errors.push(error.stack ?? error.message))
  return found
}

interface Members {
  readonly Resources?: readonly { readonly id: string }[]
}

/** A person who administers the workspace; with `ofAccount`, also the account. */
export async function createAdministrator(
  lakegate: Lakegate,
  { displayName = 'Ada Admin', ofAccount = false } = {},
): Promise<Person> {
  const { admin, ready } = lakegate
  const person = await createPerson(lakegate, displayName)
  const found = await admin.request<Members>(
    'GET',
    `/api/2.0/preview/scim/v2/Groups?filter=${encodeURIComponent('displayName eq "admins"')}`,
  )
  const group = found.Resources?.[0]
  if (group === undefined) throw new Error('there is no group of administrators')
  await patch(admin, `/api/2.0/preview/scim/v2/Groups/${group.id}`, 'members', person.id)
  if (ofAccount)
    await patch(
      admin,
      `/api/2.0/accounts/${ready.account_id}/scim/v2/Users/${person.id}`,
      'roles',
      'account_admin',
    )
  return person
}

const patch = (admin: Lakegate['admin'], path: string, list: 'members' | 'roles', value: string) =>
  admin.request('PATCH', path, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'add', path: list, value: [{ value }] }],
  })
