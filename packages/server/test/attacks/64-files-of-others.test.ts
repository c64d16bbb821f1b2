/**
 * Attack 64: files of a workspace. Nobody reads, changes or even sees the home of another; no path leads out of the home
 * that it names; nobody fills the system database or the memory of the server.
 */
import { randomUUID } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AuditAnswer, ScimUser, WorkspaceObjectInfo } from '@lakegate/client'
import { createServicePrincipal, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { jsonOf, pathsOf, textOf, workspaceFiles, type WorkspaceFiles } from '../stage/workspace-files.ts'

const lakegate = sharedLakegate()
const MEBIBYTE = 1024 * 1024

let victim: TestServicePrincipal
let victimHome: string
let home: string
let attacker: WorkspaceFiles
let attackerToken: string
let narrowToken: () => Promise<string>
const owner = async () => workspaceFiles(lakegate, await victim.workspaceToken())

beforeAll(async () => {
  victim = await createServicePrincipal(lakegate, 'has secrets')
  victimHome = `/Workspace/Users/${victim.applicationId}`
  await (await owner()).importFile(`${victimHome}/state`, 'secret')
  const principal = await createServicePrincipal(lakegate, 'wants them')
  attackerToken = await principal.workspaceToken()
  narrowToken = () => principal.workspaceToken('postgres')
  attacker = workspaceFiles(lakegate, attackerToken)
  home = `/Workspace/Users/${principal.applicationId}`
})

const secretIsThere = async () =>
  expect(textOf(await (await owner()).exportFile(`${victimHome}/state`))).toBe('secret')

describe('the home of another', () => {
  it('is answered for like one that nobody has', async () => {
    const nobody = `/Workspace/Users/${randomUUID()}`
    const answersFor = async (path: string) => {
      const answers = [
        await attacker.getStatus(path),
        await attacker.getStatus(`${path}/state`),
        await attacker.list(path),
        await attacker.exportFile(`${path}/state`),
        await attacker.send(
          'GET',
          `/api/2.0/workspace-files/${encodeURIComponent(`${path.slice(1)}/state`)}`,
        ),
        await attacker.mkdirs(`${path}/new`),
        await attacker.importFile(`${path}/state`, 'mine', true),
        await attacker.importFile(`${path}/state`, 'mine'),
        await attacker.delete(`${path}/state`),
        await attacker.delete(path, true),
      ]
      return answers.map(({ status, errorCode, message }) => ({
        status,
        errorCode,
        message: message?.replaceAll(path, 'PATH'),
      }))
    }
    const answers = await answersFor(victimHome)
    expect(answers).toEqual(await answersFor(nobody))
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 403, 403, 403, 403, 403])
    await secretIsThere()
  })

  it('has directories whose permissions say nothing to others', async () => {
    await (await owner()).mkdirs(`${victimHome}/directory`)
    const { object_id: id } = jsonOf(
      await (await owner()).getStatus(`${victimHome}/directory`),
    ) as WorkspaceObjectInfo
    const answersFor = async (object: number | string) => {
      const url = `/api/2.0/permissions/directories/${encodeURIComponent(object)}`
      const answers = [
        await attacker.send('GET', url),
        await attacker.send('PUT', url, { access_control_list: [] }),
      ]
      return answers.map(({ status, message }) => [status, message?.replaceAll(String(object), 'ID')])
    }
    expect(await answersFor(id)).toEqual(await answersFor(id + 1_000_000))
    expect(await answersFor(id)).toEqual(await answersFor('1; DROP'))
    expect((await answersFor(id))[0]?.[0]).toBe(404)
  })

  it('is in no listing', async () => {
    expect(pathsOf(await attacker.list('/Workspace/Users'))).toEqual([home])
  })

  it('does not open to an access token of a narrower scope', async () => {
    const token = await victim.workspaceToken('postgres')
    expect(await workspaceFiles(lakegate, token).getStatus(victimHome)).toMatchObject({ status: 403 })
    expect(await workspaceFiles(lakegate, 'nonsense').getStatus(victimHome)).toMatchObject({ status: 401 })
  })

  it('is open to administrators of the workspace, on record', async () => {
    const admin = workspaceFiles(lakegate, lakegate.ready.admin_token)
    expect(textOf(await admin.exportFile(`${victimHome}/state`))).toBe('secret')
    expect(pathsOf(await admin.list('/Workspace/Users'))).toContain(victimHome)
    expect(pathsOf(await admin.list(victimHome))).toContain(`${victimHome}/state`)
    await waitFor('the records of both', async () => {
      const { records } = await lakegate.admin.request<AuditAnswer>(
        'GET',
        '/api/2.0/lakegate/audit?event=workspace_files',
      )
      const details = records.map(({ detail }) => detail)
      return details.includes(`export ${victimHome}/state`) && details.includes(`list ${victimHome}`)
    })
  })

  it('is not inherited by somebody of the same name', async () => {
    const userName = `${randomUUID()}@example.com`
    const admin = workspaceFiles(lakegate, lakegate.ready.admin_token)
    const create = () =>
      lakegate.admin.request<ScimUser>('POST', '/api/2.0/preview/scim/v2/Users', { userName })
    const path = `/Workspace/Users/${userName}`
    const first = await create()
    expect(await admin.importFile(`${path}/state`, 'of the first')).toMatchObject({ status: 200 })
    await lakegate.admin.request('DELETE', `/api/2.0/preview/scim/v2/Users/${first.id}`)
    await create()
    expect(await admin.getStatus(`${path}/state`)).toMatchObject({ status: 404 })
    // One home has one spelling.
    expect(await admin.getStatus(path.toUpperCase())).toMatchObject({ status: 404 })
  })
})

describe('a path that leads elsewhere', () => {
  /** Behind the home of the attacker, as it goes over the wire. */
  const PATHS: readonly (readonly [string, (victim: string) => string])[] = [
    ['dots', (name) => `/../${name}/state`],
    ['encoded dots', (name) => `/%2e%2e/${name}/state`],
    ['encoded slashes', (name) => `%2F..%2F${name}%2Fstate`],
    ['slashes encoded twice', (name) => `%252F..%252F${name}%252Fstate`],
    ['dots encoded twice', (name) => `/%252e%252e/${name}/state`],
    ['backslashes', (name) => `/..%5C${name}%5Cstate`],
    ['two slashes', (name) => `//../${name}/state`],
    ['a zero character', (name) => `/x%00/../${name}/state`],
    ['a zero character, encoded twice', () => '/x%2500'],
    ['wide dots (NFKC)', (name) => `/%EF%BC%8E%EF%BC%8E/${name}/state`],
    ['a wide slash (NFKC)', (name) => `/..%EF%BC%8F${name}%EF%BC%8Fstate`],
    ['a decomposed letter', () => '/e%CC%81'],
    ['a half character', () => '/%ED%A0%80'],
    ['an overlong slash', (name) => `/..%C0%AF${name}%C0%AFstate`],
  ]

  it.each(PATHS)('does not: %s', async (_what, behind) => {
    const url = `${home}${behind(victim.applicationId)}`
    // fetch would resolve the dots before it sends them.
    const answers = [
      await sendAsIs('GET', `/api/2.0/workspace/get-status?path=${url}`),
      await sendAsIs('GET', `/api/2.0/workspace/export?direct_download=true&path=${url}`),
      await sendAsIs('GET', `/api/2.0/workspace-files${url}`),
      await sendAsIs('POST', `/api/2.0/workspace-files/import-file${url}?overwrite=true`, 'mine'),
    ]
    for (const { status, text } of answers) {
      expect([400, 403, 404]).toContain(status)
      expect(text).not.toContain('secret')
    }
    await secretIsThere()
  })

  it('does not through JSON either', async () => {
    const name = victim.applicationId
    for (const path of [
      `${home}/../${name}/state`,
      `${home}/..\\${name}\\state`,
      `${home}//../${name}/state`,
      `/Workspace/../Workspace/Users/${name}/state`,
      `//Workspace/Users/${name}/state`,
      `${home}/x\u0000`,
    ]) {
      expect(await attacker.delete(path, true)).toMatchObject({ status: 400 })
      expect(await attacker.mkdirs(path)).toMatchObject({ status: 400 })
    }
    await secretIsThere()
  })

  it('twice in one request is refused', async () => {
    const answer = await attacker.send(
      'GET',
      `/api/2.0/workspace/export?path=${home}/x&path=${victimHome}/state`,
    )
    expect(answer).toMatchObject({ status: 400, errorCode: 'INVALID_PARAMETER_VALUE' })
  })

  function sendAsIs(method: string, path: string, body?: string) {
    const url = new URL(lakegate.ready.http_url)
    return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
      const sent = httpRequest(
        {
          ...{ host: url.hostname, port: url.port, method, path },
          headers: { authorization: `Bearer ${attackerToken}` },
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (part: string) => (text += part))
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, text })
          })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
  }
})

describe('whoever fills what is everybody’s', () => {
  // What a test that failed has left would fill the home of the next.
  afterEach(async () => {
    for (const path of pathsOf(await attacker.list(home))) await attacker.delete(path)
  })

  it('writes no file of more than 10 MiB, by either way', async () => {
    const [largest, larger] = [new Uint8Array(10 * MEBIBYTE), new Uint8Array(10 * MEBIBYTE + 1)]
    expect(await attacker.importFile(`${home}/large`, largest)).toMatchObject({ status: 200 })
    expect(await attacker.importFile(`${home}/larger`, larger)).toMatchObject({
      status: 400,
      message: 'body: it is larger than 10 MiB.',
    })
    const content = Buffer.from(larger).toString('base64')
    const asJson = { path: `${home}/larger`, content, format: 'AUTO' }
    expect(await attacker.send('POST', '/api/2.0/workspace/import', asJson)).toMatchObject({
      status: 400,
      errorCode: 'MAX_NOTEBOOK_SIZE_EXCEEDED',
    })
    expect((await attacker.exportFile(`${home}/large`)).bytes).toHaveLength(10 * MEBIBYTE)
    expect(await attacker.delete(`${home}/large`)).toMatchObject({ status: 200 })
    expect(await attacker.getStatus(`${home}/larger`)).toMatchObject({ status: 404 })
  })

  it('sends no other request of that size', async () => {
    const padding = 'x'.repeat(2 * MEBIBYTE)
    expect(await attacker.send('POST', '/api/2.0/workspace/mkdirs', { path: padding })).toMatchObject({
      status: 400,
      message: 'body: it is larger than 1 MiB.',
    })
  })

  it('keeps no more than 100 MiB', async () => {
    const tenth = new Uint8Array(10 * MEBIBYTE)
    const names = Array.from({ length: 10 }, (_, index) => `tenth-${String(index)}`)
    for (const name of names)
      expect(await attacker.importFile(`${home}/${name}`, tenth, true)).toMatchObject({ status: 200 })
    expect(await attacker.importFile(`${home}/drop`, 'x')).toMatchObject({
      status: 400,
      errorCode: 'QUOTA_EXCEEDED',
      message: 'A home holds at most 100 MiB of files. Delete some first.',
    })
    // What is replaced counts no more.
    expect(await attacker.importFile(`${home}/tenth-0`, 'small', true)).toMatchObject({ status: 200 })
    expect(await attacker.importFile(`${home}/drop`, 'x')).toMatchObject({ status: 200 })
    for (const name of [...names, 'drop'])
      expect(await attacker.delete(`${home}/${name}`)).toMatchObject({ status: 200 })
  })

  it('has no more than 64 MiB under way at one moment, and others are served meanwhile', async () => {
    const held = Array.from({ length: 7 }, () => announce(10 * MEBIBYTE))
    const refused = await Promise.race(held.map(({ response }) => response))
    expect(refused.statusCode).toBe(429)
    expect(refused.headers['retry-after']).toBe('2')
    await secretIsThere()
    for (const { request } of held) request.destroy()
    await waitFor(
      'room for the next',
      async () => (await attacker.importFile(`${home}/next`, new Uint8Array(10 * MEBIBYTE))).status === 200,
    )
  })

  it('takes no room with a token that opens no files, be it one of the owner', async () => {
    const narrow = await narrowToken()
    const refused = await Promise.all(
      Array.from({ length: 7 }, () => announce(10 * MEBIBYTE, narrow)).map(async ({ request, response }) => {
        const { statusCode } = await response
        request.destroy()
        return statusCode
      }),
    )
    // Before the body: what was announced is never sent.
    expect(refused).toEqual(Array.from({ length: 7 }, () => 403))
  })

  it('takes no room with requests that are gone before they are looked at', async () => {
    for (let round = 0; round < 10; round += 1) {
      const gone = Array.from({ length: 6 }, () => announce(10 * MEBIBYTE))
      // The server is asking for the caller when the connection breaks.
      await Promise.all(gone.map(({ sent }) => sent))
      for (const { request } of gone) request.destroy()
    }
    await waitFor(
      'all the room',
      async () =>
        (await attacker.importFile(`${home}/next`, new Uint8Array(10 * MEBIBYTE), true)).status === 200,
    )
  })

  /** A request that says how much it will send, sends the beginning and stays; so it is answered only when it is refused. */
  function announce(bytes: number, token = attackerToken) {
    const url = new URL(lakegate.ready.http_url)
    const request = httpRequest({
      ...{ host: url.hostname, port: url.port, method: 'POST' },
      path: `/api/2.0/workspace-files/import-file${home}/held`,
      headers: { authorization: `Bearer ${token}`, 'content-length': bytes },
    })
    request.on('error', () => undefined)
    const response = new Promise<IncomingMessage>((resolve) => request.once('response', resolve))
    const sent = new Promise<void>((resolve) => {
      request.write('beginning', () => {
        resolve()
      })
    })
    return { request, response, sent }
  }
})
