/**
 * Secrets are printed to a terminal only: a pipe, a journal, the log of a container keep what they get (DESIGN §8). Elsewhere
 * a file of mode 0600 has them until they are used, or the ready file.
 */
import { once } from 'node:events'
import { access, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLakegateHttp } from '@lakegate/client'
import { stopClusters } from '../stage/clusters.ts'
import { makeDataDirectory, removeDataDirectory, spawnLakegate, startLakegate } from '../stage/lakegate.ts'
import { Visitor } from '../stage/person.ts'
import { hasTerminals, startAtTerminal } from '../stage/terminal.ts'
import { waitFor } from '../stage/wait-for.ts'

/** Personal access tokens, sign-in links, signed tokens, passwords for psql. */
const SECRET = /dapi[0-9a-f]{16}|\/password\/|eyJ|PGPASSWORD=/
const ME = '/api/2.0/preview/scim/v2/Me'

interface FirstAccess {
  readonly http_url: string
  readonly admin_user: string
  readonly admin_token?: string
  readonly sign_in_link: string
}

let dataDirectory: string
let stops: (() => Promise<void>)[] = []

beforeEach(async () => {
  dataDirectory = await makeDataDirectory()
})
afterEach(async () => {
  for (const stop of stops) await stop()
  stops = []
  await stopClusters(dataDirectory)
  await removeDataDirectory(dataDirectory)
})

const fileOf = () => path.join(dataDirectory, 'first-access.json')
const readFirstAccess = async () => JSON.parse(await readFile(fileOf(), 'utf8')) as FirstAccess
const isThere = () =>
  access(fileOf()).then(
    () => true,
    () => false,
  )

/** Without a ready file, with pipes for what it prints. */
async function startWithPipes(): Promise<{ readonly output: () => string; stop(): Promise<void> }> {
  const { child, output } = spawnLakegate(['up'], {
    LAKEGATE_DATA_DIR: dataDirectory,
    LAKEGATE_HTTP_PORT: '0',
    LAKEGATE_GATEWAY_PORT: '0',
  })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  stops.push(stop)
  await waitFor('the banner', () => {
    if (child.exitCode !== null) throw new Error(output())
    return output().includes('Ctrl-C stops Lakegate')
  })
  return { output, stop }
}
const setPassword = async (link: string) => {
  const password = 'a long enough passphrase for this'
  return new Visitor().submit(link, { password, repetition: password }, {}, { follows: false })
}

describe('a first start whose output is no terminal', () => {
  it('prints no secret, and says where they are: in a file for Lakegate’s account alone', async () => {
    const { output } = await startWithPipes()
    expect(output()).not.toMatch(SECRET)
    expect(output()).toContain(fileOf())
    expect((await stat(fileOf())).mode & 0o777).toBe(0o600)
    const { admin_token, sign_in_link, ...rest } = await readFirstAccess()
    expect([admin_token, sign_in_link]).toEqual([
      expect.stringMatching(/^dapi[0-9a-f]{40}$/),
      expect.stringContaining('/oidc/password/'),
    ])
    expect(rest).toMatchObject({ admin_user: 'admin@lakegate.local' })
    expect((await readdir(dataDirectory)).filter((name) => name.startsWith('first-access'))).toEqual([
      'first-access.json',
    ])
  })

  it('removes the file when the token in it is used, which goes on to be good', async () => {
    await startWithPipes()
    const { http_url, admin_token = '' } = await readFirstAccess()
    const http = createLakegateHttp(http_url, () => admin_token)
    await expect(http.request('GET', ME)).resolves.toMatchObject({ userName: 'admin@lakegate.local' })
    await waitFor('the end of the file', async () => !(await isThere()))
    await expect(http.request('GET', ME)).resolves.toMatchObject({ userName: 'admin@lakegate.local' })
  })

  it('removes the file when the link in it sets the password, after another start as well', async () => {
    const before = await startWithPipes()
    const { sign_in_link } = await readFirstAccess()
    await before.stop()
    const after = await startWithPipes()
    expect(after.output()).not.toMatch(SECRET)
    expect(after.output()).toContain(fileOf())
    const { http_url } = await readFirstAccess()
    const link = new URL(
      new URL(sign_in_link).pathname,
      /REST and OAuth +(\S+)/.exec(after.output())?.[1] ?? http_url,
    )
    expect((await new Visitor().visit(link)).status).toBe(200)
    expect(await isThere()).toBe(true)
    expect((await setPassword(link.href)).status).toBe(303)
    await waitFor('the end of the file', async () => !(await isThere()))
  })

  it('leaves the token to the ready file where there is one, and only the link to the other', async () => {
    const lakegate = await startLakegate({ dataDirectory })
    stops.push(async () => void (await lakegate.stop()))
    await waitFor('the banner', () => lakegate.output().includes('Ctrl-C stops Lakegate'))
    expect(lakegate.output()).not.toMatch(SECRET)
    expect(lakegate.output()).toContain(lakegate.readyFile)
    const kept = await readFirstAccess()
    expect(kept).not.toHaveProperty('admin_token')
    await expect(lakegate.admin.request('GET', ME)).resolves.toMatchObject({
      userName: 'admin@lakegate.local',
    })
    expect(await isThere()).toBe(true)
    expect((await setPassword(kept.sign_in_link)).status).toBe(303)
    await waitFor('the end of the file', async () => !(await isThere()))
  })
})

describe('a later start whose output is no terminal', () => {
  it('makes no token that nobody would read', async () => {
    const before = await startWithPipes()
    const { admin_token = '', http_url } = await readFirstAccess()
    await createLakegateHttp(http_url, () => admin_token).request('GET', ME)
    await waitFor('the end of the file', async () => !(await isThere()))
    await before.stop()
    const { output } = await startWithPipes()
    const url = /REST and OAuth +(\S+)/.exec(output())?.[1] ?? ''
    const http = createLakegateHttp(url, () => admin_token)
    const { token_infos } = await http.request<{ token_infos: { comment: string }[] }>(
      'GET',
      '/api/2.0/token/list',
    )
    expect(token_infos.map(({ comment }) => comment)).toEqual(['first start'])
    expect(output()).toContain('LAKEGATE_READY_FILE')
  })
})

describe.skipIf(!hasTerminals())('a start at a terminal', () => {
  it('shows the token, the link and a psql command with its password, and leaves no file', async () => {
    const lakegate = startAtTerminal({ LAKEGATE_DATA_DIR: dataDirectory })
    stops.push(async () => void (await lakegate.stop()))
    const banner = await waitFor('the banner', () =>
      lakegate.output().includes('Ctrl-C stops Lakegate') ? lakegate.output() : undefined,
    )
    const token = /Access token +(dapi[0-9a-f]+)/.exec(banner)?.[1] ?? ''
    const http = createLakegateHttp(/REST and OAuth +(\S+)/.exec(banner)?.[1] ?? '', () => token.trim())
    await expect(http.request('GET', ME)).resolves.toMatchObject({ userName: 'admin@lakegate.local' })
    const link = /First sign-in +(\S+)/.exec(banner)?.[1] ?? ''
    expect((await new Visitor().visit(link)).status).toBe(200)
    expect(banner).toMatch(/PGPASSWORD=eyJ\S+ psql "host=/)
    expect(await isThere()).toBe(false)
  })
})
