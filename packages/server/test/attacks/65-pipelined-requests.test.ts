/**
 * Attack 65: many requests on one connection, sent without waiting for answers (RFC 9112 §9.3.2). When it breaks, Node tells the
 * end of the answer that was being sent, and never that of those behind it.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { beforeAll, expect, it } from 'vitest'
import { createServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { workspaceFiles, type WorkspaceFiles } from '../stage/workspace-files.ts'

const lakegate = sharedLakegate()
const MEBIBYTE = 1024 * 1024

let token: string
let home: string
let files: WorkspaceFiles

beforeAll(async () => {
  const principal = await createServicePrincipal(lakegate, 'does not wait')
  token = await principal.workspaceToken()
  files = workspaceFiles(lakegate, token)
  home = `/Workspace/Users/${principal.applicationId}`
  expect(await files.importFile(`${home}/large`, new Uint8Array(10 * MEBIBYTE))).toMatchObject({
    status: 200,
  })
  expect(await files.importFile(`${home}/small`, 'small')).toMatchObject({ status: 200 })
})

it('takes no room for files when it breaks', async () => {
  const exportOf = (name: string) =>
    [
      `GET /api/2.0/workspace/export?direct_download=true&path=${encodeURIComponent(`${home}/${name}`)} HTTP/1.1`,
      'host: lakegate',
      `authorization: Bearer ${token}`,
      '',
      '',
    ].join('\r\n')
  const { hostname, port } = new URL(lakegate.ready.http_url)
  // One caller has room for six answers of any size.
  for (let round = 0; round < 3; round += 1) {
    const socket = connect(Number(port), hostname)
    socket.write(exportOf('large') + exportOf('small').repeat(5))
    // The first answer is on its way, and the others wait behind it.
    await once(socket, 'data')
    socket.destroy()
  }
  await waitFor('all the room', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => files.exportFile(`${home}/small`)))
    return answers.every(({ status }) => status === 200)
  })
})
