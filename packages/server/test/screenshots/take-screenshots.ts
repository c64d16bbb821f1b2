/** Pictures of the console with a sample company: for the documents, and of every page to be looked at before a release. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { executable, signInBrowser } from '../stage/console-browser.ts'
import { startOwnLakegate } from '../stage/own-lakegate.ts'
import { makeSampleData, type SampleData } from './sample-data.ts'

export interface Shot {
  /** Of the file, without its kind. */
  readonly name: string
  readonly path: (sample: SampleData) => string
  /** What is done on the page before. */
  readonly prepare?: (page: Page) => Promise<void>
}

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 1200, height: 760 }, colorScheme: 'light' },
  dark: { viewport: { width: 1200, height: 760 }, colorScheme: 'dark' },
  phone: {
    viewport: { width: 360, height: 740 },
    colorScheme: 'light',
    hasTouch: true,
    isMobile: true,
    deviceScaleFactor: 1,
  },
}

export const SHOTS: readonly Shot[] = [
  { name: 'instances', path: () => '/compute/instances' },
  { name: 'sessions-of-all', path: () => '/compute/sessions' },
  { name: 'create-instance', path: () => '/compute/instances/new' },
  {
    name: 'instance',
    path: ({ instance }) => `/compute/instances/${instance}`,
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Get OAuth Token' }).click()
      await page.getByRole('button', { name: 'Copy OAuthToken' }).waitFor()
    },
  },
  { name: 'edit-instance', path: ({ instance }) => `/compute/instances/${instance}/edit` },
  { name: 'roles', path: ({ instance }) => `/compute/instances/${instance}/roles` },
  { name: 'permissions', path: ({ instance }) => `/compute/instances/${instance}/permissions` },
  { name: 'sessions', path: ({ instance }) => `/compute/instances/${instance}/sessions` },
  { name: 'metrics', path: ({ instance }) => `/compute/instances/${instance}/metrics` },
  { name: 'catalogs', path: ({ instance }) => `/compute/instances/${instance}/catalogs` },
  {
    name: 'login-check',
    // Of somebody else's role: the picture shows the first no.
    path: ({ instance, administrator }) =>
      `/compute/instances/${instance}/login-check?identity=grace@example.com&role=${administrator.userName}`,
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Check', exact: true }).click()
    },
  },
  { name: 'sql', path: ({ instance }) => `/sql?instance=${instance}`, prepare: runQuery },
  { name: 'audit', path: () => '/audit' },
  { name: 'users', path: () => '/identity/users' },
  { name: 'user', path: ({ ids }) => `/identity/users/${ids.user}` },
  { name: 'service-principals', path: () => '/identity/service-principals' },
  { name: 'service-principal', path: ({ ids }) => `/identity/service-principals/${ids.servicePrincipal}` },
  { name: 'groups', path: () => '/identity/groups' },
  { name: 'group', path: ({ ids }) => `/identity/groups/${ids.group}` },
  { name: 'workspaces', path: () => '/account/workspaces' },
  { name: 'workspace', path: ({ ids }) => `/account/workspaces/${ids.workspace}` },
  { name: 'applications', path: () => '/account/applications' },
  { name: 'federation', path: () => '/account/federation' },
  { name: 'profile', path: () => '/settings/profile' },
  { name: 'access-tokens', path: () => '/settings/access-tokens' },
  { name: 'settings-sessions', path: () => '/settings/sessions' },
  { name: 'appearance', path: () => '/settings/appearance' },
  { name: 'help-connect', path: () => '/help/connect' },
  { name: 'refusal', path: () => '/help/refusals/not_a_member' },
]

async function runQuery(page: Page): Promise<void> {
  const editor = page.getByRole('textbox', { name: /SQL/ }).first()
  await editor.click()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('SELECT id, customer, total, paid_at, details\nFROM orders\nWHERE total > 1000;', {
    delay: 5,
  })
  await page.keyboard.press('Escape')
  await page
    .getByRole('button', { name: /^Run( |$)/ })
    .first()
    .click()
  await page.getByRole('grid').first().waitFor()
  await page
    .getByText(/rows shown/)
    .first()
    .waitFor()
  // The schema is read in the same session, and stands in a drawer on a phone.
  if ((page.viewportSize()?.width ?? 0) > 640) await page.getByText('information_schema').first().waitFor()
}

/**
 * @param folder gets `<name>-<look>.png` of each
 * @param wanted all when it is empty
 * @returns the names of the files, and what could not be taken
 */
export async function takeScreenshots(
  folder: string,
  wanted: readonly string[] = [],
  looks: readonly string[] = Object.keys(LOOKS),
): Promise<{ readonly files: readonly string[]; readonly problems: readonly string[] }> {
  await mkdir(folder, { recursive: true })
  const lakegate = await startOwnLakegate()
  try {
    const sample = await makeSampleData(lakegate)
    const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] })
    try {
      const files: string[] = []
      const problems: string[] = []
      for (const look of looks) {
        const context = await openContext(browser, lakegate.ready.http_url, sample, LOOKS[look] ?? {})
        for (const shot of SHOTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
          const file = path.join(folder, `${shot.name}-${look}.png`)
          const page = await context.newPage()
          try {
            await page.goto(`/console${shot.path(sample)}`)
            await page.getByRole('heading', { level: 1 }).first().waitFor({ timeout: 20_000 })
            await shot.prepare?.(page)
            await page.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => undefined)
          } catch (error) {
            problems.push(`${shot.name} (${look}): ${String(error).split('\n')[0] ?? ''}`)
          }
          await page.screenshot({ path: file, animations: 'disabled' })
          files.push(file)
          await page.close()
        }
        await context.close()
      }
      await sample.close()
      return { files, problems }
    } finally {
      await browser.close()
    }
  } finally {
    await lakegate.remove()
  }
}

async function openContext(
  browser: Browser,
  origin: string,
  { administrator }: SampleData,
  options: BrowserContextOptions,
) {
  const context = await browser.newContext({ baseURL: origin, ...options })
  context.setDefaultTimeout(20_000)
  await signInBrowser(context, origin, administrator)
  return context
}
