/** Files of a workspace, as bundles of the Databricks CLI use them: homes, directories, files, and what is answered. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { DirectoryPermissions, WorkspaceObjectInfo } from '@lakegate/client'
import { createServicePrincipal, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { jsonOf, pathsOf, textOf, workspaceFiles, type WorkspaceFiles } from '../stage/workspace-files.ts'

const lakegate = sharedLakegate()
let principal: TestServicePrincipal
let files: WorkspaceFiles
let home: string

beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'deploys bundles')
  const token = await principal.workspaceToken()
  files = workspaceFiles(lakegate, token)
  home = `/Workspace/Users/${principal.applicationId}`
})

const status = async (path: string) => jsonOf(await files.getStatus(path)) as WorkspaceObjectInfo

describe('a home', () => {
  it('is a directory before anything was written into it', async () => {
    expect(await status(home)).toEqual({
      object_type: 'DIRECTORY',
      path: home,
      object_id: Number(principal.id),
      resource_id: principal.id,
    })
    expect(jsonOf(await files.list(home))).toEqual({})
  })

  it('is the same below /Users, and answers name paths as the request did', async () => {
    await files.mkdirs(`${home}/same`)
    const short = home.replace('/Workspace', '')
    expect(await status(`${short}/same`)).toMatchObject({ path: `${short}/same`, object_type: 'DIRECTORY' })
    expect(pathsOf(await files.list(short))).toContain(`${short}/same`)
  })

  it('is found from the root', async () => {
    expect(pathsOf(await files.list('/'))).toEqual(['/Users'])
    expect(pathsOf(await files.list('/Workspace'))).toEqual(['/Workspace/Users'])
    expect(pathsOf(await files.list('/Workspace/Users'))).toEqual([home])
    expect(await status('/Workspace/Users')).toMatchObject({ object_type: 'DIRECTORY' })
  })

  it('cannot be deleted', async () => {
    for (const path of [home, '/Users', '/']) {
      expect(await files.delete(path, true)).toMatchObject({
        status: 400,
        errorCode: 'INVALID_PARAMETER_VALUE',
      })
    }
  })
})

describe('a directory', () => {
  it('is made with everything above it, and again without a fault', async () => {
    const path = `${home}/deep/er/still`
    expect(await files.mkdirs(path)).toMatchObject({ status: 200 })
    expect(await files.mkdirs(path)).toMatchObject({ status: 200 })
    expect(await status(`${home}/deep/er`)).toMatchObject({ object_type: 'DIRECTORY' })
  })

  it('with something in it is deleted only recursively', async () => {
    await files.mkdirs(`${home}/full/inner`)
    expect(await files.delete(`${home}/full`)).toMatchObject({
      status: 400,
      errorCode: 'DIRECTORY_NOT_EMPTY',
      message: `Folder (${home}/full) is not empty. Delete it with recursive set to true.`,
    })
    expect(await files.delete(`${home}/full`, true)).toMatchObject({ status: 200 })
    expect(await files.getStatus(`${home}/full/inner`)).toMatchObject({ status: 404 })
  })

  it('cannot be where a file is', async () => {
    await files.importFile(`${home}/plain`, 'x')
    expect(await files.mkdirs(`${home}/plain/below`)).toMatchObject({
      status: 409,
      errorCode: 'RESOURCE_ALREADY_EXISTS',
      message: `Path (${home}/plain) already exists.`,
    })
  })
})

describe('a file', () => {
  it('comes back byte by byte in all three ways, as something to keep and not to show', async () => {
    const contents = Uint8Array.from({ length: 256 }, (_, index) => index)
    const path = `${home}/ü 50% & more?#.bin`
    expect(await files.importFile(path, contents)).toMatchObject({ status: 200 })
    const raw = `/api/2.0/workspace-files/${encodeURIComponent(path.slice(1))}`
    for (const answer of [await files.exportFile(path), await files.send('GET', raw)]) {
      expect(answer.bytes).toEqual(contents)
      expect(answer.headers.get('content-type')).toBe('application/octet-stream')
      expect(answer.headers.get('content-disposition')).toBe('attachment')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
    const exported = await files.send('GET', `/api/2.0/workspace/export?path=${encodeURIComponent(path)}`)
    expect(jsonOf(exported)).toEqual({ content: Buffer.from(contents).toString('base64') })
  })

  it('is described by its size and times', async () => {
    await files.importFile(`${home}/described`, 'four')
    const described = await status(`${home}/described`)
    expect(described).toMatchObject({ object_type: 'FILE', path: `${home}/described`, size: 4 })
    expect(described.resource_id).toBe(String(described.object_id))
    expect(Math.abs((described.modified_at ?? 0) - Date.now())).toBeLessThan(3_600_000)
    expect(pathsOf(await files.list(`${home}/described`))).toEqual([`${home}/described`])
  })

  it('is taken as it is, whatever its content type says', async () => {
    const json = '{"a": 1}   '
    const response = await fetch(
      `${lakegate.ready.http_url}/api/2.0/workspace-files/import-file/${encodeURIComponent(`${home}/x.json`.slice(1))}`,
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await principal.workspaceToken()}`,
          'content-type': 'application/json',
        },
        body: json,
      },
    )
    expect(response.status).toBe(200)
    expect(textOf(await files.exportFile(`${home}/x.json`))).toBe(json)
  })

  it('may be empty', async () => {
    expect(await files.importFile(`${home}/empty`, '')).toMatchObject({ status: 200 })
    expect(await status(`${home}/empty`)).toMatchObject({ size: 0 })
    expect((await files.exportFile(`${home}/empty`)).bytes).toHaveLength(0)
  })

  it('is replaced only with overwrite', async () => {
    const path = `${home}/once`
    await files.importFile(path, 'first')
    expect(await files.importFile(path, 'second')).toMatchObject({
      status: 409,
      errorCode: 'RESOURCE_ALREADY_EXISTS',
      message: `Path (${path}) already exists.`,
    })
    expect(textOf(await files.exportFile(path))).toBe('first')
    expect(await files.importFile(path, 'third', true)).toMatchObject({ status: 200 })
    expect(textOf(await files.exportFile(path))).toBe('third')
  })

  it('needs its directory, which the CLI makes when it is told so', async () => {
    expect(await files.importFile(`${home}/none/x`, 'x')).toMatchObject({
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
      message: `Path (${home}/none) doesn't exist.`,
    })
  })

  it('that is not there is not there for any request', async () => {
    const path = `${home}/missing`
    const gone = {
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
      message: `Path (${path}) doesn't exist.`,
    }
    expect(await files.getStatus(path)).toMatchObject(gone)
    expect(await files.list(path)).toMatchObject(gone)
    expect(await files.exportFile(path)).toMatchObject(gone)
    expect(await files.delete(path)).toMatchObject(gone)
  })

  it('of ten who create it at the same time without overwrite, one does', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => files.importFile(`${home}/deploy.lock`, String(index))),
    )
    const statuses = answers.map((answer) => answer.status)
    expect([...statuses].sort()).toEqual([200, ...Array<number>(9).fill(409)])
    expect(textOf(await files.exportFile(`${home}/deploy.lock`))).toBe(String(statuses.indexOf(200)))
  })
})

describe('an import as JSON', () => {
  const importJson = (body: object) => files.send('POST', '/api/2.0/workspace/import', body)

  it('takes a file in base64', async () => {
    const content = Buffer.from('from JSON').toString('base64')
    const path = `${home}/json`
    expect(await importJson({ path, content, format: 'AUTO' })).toMatchObject({ status: 200 })
    expect(await importJson({ path, content, format: 'RAW' })).toMatchObject({ status: 409 })
    expect(await importJson({ path, content, format: 'RAW', overwrite: true })).toMatchObject({ status: 200 })
    expect(textOf(await files.exportFile(path))).toBe('from JSON')
  })

  it.each([
    ['what is not base64', { content: 'not base64!', format: 'AUTO' }, 'content: it is not base64.'],
    ['a notebook', { content: '', format: 'SOURCE', language: 'PYTHON' }, 'format: must be AUTO or RAW'],
    ['a notebook that is not named one', { content: '' }, 'format: it is missing, which means a notebook'],
  ])('refuses %s', async (_what, body, message) => {
    expect(await importJson({ path: `${home}/refused`, ...body })).toMatchObject({
      status: 400,
      errorCode: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining(message) as string,
    })
  })
})

it('a directory is not exported', async () => {
  expect(await files.exportFile(home)).toMatchObject({ status: 400, errorCode: 'INVALID_PARAMETER_VALUE' })
})

describe('the permissions of a directory', () => {
  const permissionsOf = async (path: string) => {
    await files.mkdirs(path)
    return `/api/2.0/permissions/directories/${String((await status(path)).object_id)}`
  }

  it('name its owner and the administrators, and can be set to just that', async () => {
    const url = await permissionsOf(`${home}/bundle`)
    const shown = jsonOf(await files.send('GET', url)) as DirectoryPermissions
    expect(shown.access_control_list).toMatchObject([
      {
        service_principal_name: principal.applicationId,
        all_permissions: [{ permission_level: 'CAN_MANAGE' }],
      },
      { group_name: 'admins', all_permissions: [{ permission_level: 'CAN_MANAGE', inherited: true }] },
    ])
    expect(jsonOf(await files.send('GET', `/api/2.0/permissions/directories/${principal.id}`))).toMatchObject(
      {
        access_control_list: shown.access_control_list,
      },
    )
    const own = { service_principal_name: principal.applicationId, permission_level: 'CAN_MANAGE' }
    expect(jsonOf(await files.send('PUT', url, { access_control_list: [own] }))).toEqual(shown)
  })

  it('are given to nobody else, which is said', async () => {
    const url = await permissionsOf(`${home}/bundle`)
    const everybody = { group_name: 'users', permission_level: 'CAN_READ' }
    expect(await files.send('PATCH', url, { access_control_list: [everybody] })).toMatchObject({
      status: 400,
      errorCode: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining('are for their owner and the group admins only') as string,
    })
  })
})

it('a home goes with its owner', async () => {
  const leaver = await createServicePrincipal(lakegate, 'leaves')
  const path = `/Workspace/Users/${leaver.applicationId}`
  await workspaceFiles(lakegate, await leaver.workspaceToken()).importFile(`${path}/x`, 'x')
  const admin = workspaceFiles(lakegate, lakegate.ready.admin_token)
  expect(await admin.getStatus(`${path}/x`)).toMatchObject({ status: 200 })
  await lakegate.admin.request('DELETE', `/api/2.0/preview/scim/v2/ServicePrincipals/${leaver.id}`)
  expect(await admin.getStatus(path)).toMatchObject({ status: 404 })
})
