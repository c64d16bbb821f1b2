/**
 * How much the browser loads, and from where (acceptance 39). Counted is every file that a page asks for until it has its
 * heading and its data, compressed by gzip: the first page with all its chunks; the SQL editor with CodeMirror, its own page and
 * all that the first page has not loaded. What waits for a run, a search or a dialog is not: it comes when it is asked for.
 */
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, it } from 'vitest'
import { consoleBrowser, createAdministrator, describeInChromium } from '../stage/console-browser.ts'
import { settle } from '../stage/page-checks.ts'
import type { Person } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const KB = 1000

describeInChromium('loading the console (skipped where no Chromium is installed)', () => {
  const lakegate = sharedLakegate()
  const chromium = consoleBrowser(lakegate)
  const origin = lakegate.ready.http_url
  let admin: Person
  let firstPage: readonly string[]
  beforeAll(async () => {
    admin = await createAdministrator(lakegate)
    firstPage = await load('/compute/instances')
  })

  /** @returns the addresses of everything that a page asks for until it is there */
  async function load(path: string): Promise<readonly string[]> {
    const context = await chromium.openContext({ person: admin })
    const page = await context.newPage()
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(`/console${path}`)
    await settle(page)
    await context.close()
    return asked
  }

  /** Compressed as every server can, whatever this one sends. */
  async function sizeOf(addresses: readonly string[]): Promise<number> {
    const files = await Promise.all(
      addresses.map(async (address) => Buffer.from(await (await fetch(address)).arrayBuffer())),
    )
    return files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0)
  }

  const scripts = (asked: readonly string[]) => asked.filter((address) => address.endsWith('.js'))
  const styles = (asked: readonly string[]) => asked.filter((address) => address.endsWith('.css'))

  it('takes at most 260 kB of scripts and 25 kB of styles for the first page', async () => {
    expect(await sizeOf(scripts(firstPage))).toBeLessThanOrEqual(260 * KB)
    expect(await sizeOf(styles(firstPage))).toBeLessThanOrEqual(25 * KB)
  })

  it('takes at most 160 kB more for the SQL editor, which the first page does not load', async () => {
    const first = new Set(scripts(firstPage))
    const more = scripts(await load('/sql')).filter((address) => !first.has(address))
    expect(more.filter((address) => address.includes('/editor-'))).toHaveLength(1)
    expect(await sizeOf(more)).toBeLessThanOrEqual(160 * KB)
  })

  it('asks no other host for anything', async () => {
    const hosts = new Set(firstPage.map((address) => new URL(address).origin))
    expect([...hosts]).toEqual([origin])
  })
})
