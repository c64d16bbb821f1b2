/** Who looks for the local login believes no socket that somebody else could have put there. */
import { chmod, chown, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { logInLocally } from '../../../src/cli/connect/local-login.ts'

const STRANGER = 65_534
const isRoot = process.getuid?.() === 0

let work: string
let dataDirectory: string
let directory: string
let socket: string
let server: Server
let asked: number
beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'lakegate-local-'))
  dataDirectory = path.join(work, 'data')
  directory = path.join(work, 'far')
  socket = path.join(directory, 'socket')
  await mkdir(dataDirectory)
  await mkdir(directory, { mode: 0o711 })
  asked = 0
  server = createServer((_request, response) => {
    asked += 1
    response.end(JSON.stringify({ http_url: 'http://127.0.0.1:1', access_token: 'token' }))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(work, { recursive: true })
})

const logIn = () => logInLocally({ socket, dataDirectory })
async function expectRefusal(words: string): Promise<void> {
  await expect(logIn()).resolves.toMatchObject({
    kind: 'refused',
    why: expect.stringContaining(words) as string,
  })
  expect(asked).toBe(0)
}

describe('the local login', () => {
  it('is that of our own socket in our own directory', async () => {
    await expect(logIn()).resolves.toMatchObject({ kind: 'signed_in' })
  })

  it('is not there where nothing is', async () => {
    await expect(
      logInLocally({ socket: path.join(work, 'nothing', 'socket'), dataDirectory }),
    ).resolves.toEqual({ kind: 'nothing_there' })
  })

  it('is refused in a directory into which others can write', async () => {
    await chmod(directory, 0o777)
    await expectRefusal('other accounts can write')
  })

  it('is refused behind a link', async () => {
    const link = path.join(work, 'link')
    await symlink(directory, link)
    socket = path.join(link, 'socket')
    await expectRefusal('is no directory')
  })

  it.runIf(isRoot)('is refused to root when a stranger owns the directory, or the socket', async () => {
    await chown(directory, STRANGER, STRANGER)
    await expectRefusal('belongs to another account')
    await chown(directory, 0, 0)
    await chown(socket, STRANGER, STRANGER)
    await expectRefusal('belongs to another account')
  })

  it.runIf(isRoot)('is that of the owner of the data directory, for root', async () => {
    for (const name of [dataDirectory, directory, socket]) await chown(name, STRANGER, STRANGER)
    await expect(logIn()).resolves.toMatchObject({ kind: 'signed_in' })
  })
})
