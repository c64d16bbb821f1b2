/** Pages that stay open while people come and go: what they and the server keep, minute by minute. */
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { chromium, type CDPSession, type Page } from 'playwright-core'
import { createAdministrator, executable, signInBrowser } from '../stage/console-browser.ts'
import { startOwnLakegate } from '../stage/own-lakegate.ts'
import { inSession, mintCredential } from '../stage/service-principal.ts'

export interface Sample {
  readonly minute: number
  /** By page: bytes of its scripts after a collection, and its nodes. */
  readonly pages: Readonly<Record<string, { readonly heapBytes: number; readonly nodes: number }>>
  /** Of the process that serves the console. */
  readonly serverBytes: number
  readonly logins: number
}

/** What an administrator leaves open: each lives from events. */
const PAGES: Readonly<Record<string, (instance: string) => string>> = {
  audit: () => '/audit',
  'open sessions': (instance) => `/compute/instances/${instance}/sessions`,
  metrics: (instance) => `/compute/instances/${instance}/metrics`,
  instances: () => '/compute/instances',
}
const LOGIN_EVERY_MS = 500
const CREDENTIAL_EVERY_MS = 20 * 60_000

/**
 * @param minutes how long; a sample is taken each minute
 * @param onSample called with each as it is taken
 * @returns all samples, the first one before anybody logged in
 */
export async function watchConsole(
  minutes: number,
  onSample: (sample: Sample) => void,
): Promise<readonly Sample[]> {
  const lakegate = await startOwnLakegate()
  try {
    const { ready, admin } = lakegate
    const person = await createAdministrator(lakegate, { ofAccount: true })
    const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] })
    try {
      const context = await browser.newContext({ baseURL: ready.http_url })
      await signInBrowser(context, ready.http_url, person)
      const watched: { readonly name: string; readonly page: Page; readonly devtools: CDPSession }[] = []
      for (const [name, pathOf] of Object.entries(PAGES)) {
        const page = await context.newPage()
        await page.goto(`/console${pathOf(ready.instance.name)}`)
        await page.getByRole('heading', { level: 1 }).first().waitFor()
        watched.push({ name, page, devtools: await context.newCDPSession(page) })
      }
      let logins = 0
      const until = performance.now() + minutes * 60_000
      const comeAndGo = async () => {
        let password = await mintCredential(admin, ready.instance.name)
        let minted = performance.now()
        while (performance.now() < until) {
          if (performance.now() - minted > CREDENTIAL_EVERY_MS) {
            password = await mintCredential(admin, ready.instance.name)
            minted = performance.now()
          }
          await inSession(lakegate, { user: ready.admin_user, password }, async (client) => {
            await client.query('SELECT 1')
            await pause(LOGIN_EVERY_MS)
          })
          logins++
        }
      }
      const take = async (minute: number): Promise<Sample> => {
        const pages: Record<string, { heapBytes: number; nodes: number }> = {}
        for (const { name, devtools } of watched) {
          await devtools.send('HeapProfiler.collectGarbage')
          const { usedSize } = await devtools.send('Runtime.getHeapUsage')
          const { nodes } = await devtools.send('Memory.getDOMCounters')
          pages[name] = { heapBytes: usedSize, nodes }
        }
        return { minute, pages, serverBytes: await residentBytes(lakegate.process.pid), logins }
      }
      const samples: Sample[] = []
      const watch = async () => {
        for (let minute = 0; minute <= minutes; minute++) {
          if (minute > 0) await pause(60_000)
          const sample = await take(minute)
          samples.push(sample)
          onSample(sample)
        }
      }
      await Promise.all([comeAndGo(), watch()])
      for (const { name, page } of watched)
        if (await page.getByText('Your sign-in ended.').isVisible())
          throw new Error(`${name}: the sign-in is over`)
      return samples
    } finally {
      await browser.close()
    }
  } finally {
    await lakegate.remove()
  }
}

async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8')
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
  return Number(kilobytes) * 1024
}
