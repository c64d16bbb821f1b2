/**
 * Files of a workspace in the system database: what many do at once to one home happens one after the other, the sums in
 * the row of the home are what is there, and a home goes with its owner.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountId, IdentityId, WorkspaceId } from '../../src/domain/ids.ts'
import { pathsDownTo, type Home } from '../../src/domain/workspace-files.ts'
import type { HomeUsage } from '../../src/policy/workspace-files.ts'
import { createIdentityStore } from '../../src/store/identity-records.ts'
import { createInstallationStore } from '../../src/store/installation.ts'
import { createWorkspaceFileStore } from '../../src/store/workspace-files.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
let accountId: AccountId
let workspaceId: WorkspaceId
beforeAll(async () => {
  system = await startTestSystemDatabase()
  const installation = await createInstallationStore(system.database).createInstallation({
    accountId: randomUUID() as AccountId,
    workspaceName: 'default',
    adminUserName: 'admin@example.com',
    createdAt: new Date(),
  })
  accountId = installation.accountId
  workspaceId = installation.workspace.id
})
afterAll(async () => system.stop())

const NOW = new Date('2026-03-01T12:00:00Z')
const LATER = new Date('2026-03-01T13:00:00Z')
const identities = () => createIdentityStore(system.database)
const files = () => createWorkspaceFileStore(system.database)
const text = (contents: string) => new TextEncoder().encode(contents)
const admit = () => undefined

async function makeHome(name = `${randomUUID()}@example.com`): Promise<Home> {
  const made = await identities().createIdentity(
    {
      ...{ accountId, type: 'USER', name, displayName: name, active: true, externalId: undefined },
      ...{ givenName: undefined, familyName: undefined, homeWorkspaceId: workspaceId, isAccountAdmin: false },
    },
    { assignTo: workspaceId, members: [] },
  )
  if ('conflict' in made) throw new Error(`it was not made: ${made.conflict}`)
  return { workspaceId, ownerId: made.id }
}
const removeOwner = ({ ownerId }: Home) =>
  identities().removeIdentity({ accountId, workspaceId }, { type: 'USER', id: ownerId }, () => ({
    from: 'account',
  }))
const write = (home: Home, path: string, contents = 'x', overwrite = false, now = NOW) =>
  files().writeFile(home, { path, contents: text(contents) }, { overwrite, now, admit })
const mkdirs = (home: Home, path: string) =>
  files().makeDirectories(home, pathsDownTo(path), { now: NOW, admit })
const pathsIn = async (home: Home, directory: string) =>
  (await files().listObjects(home, directory)).map(({ path }) => path)

/** What the row of the home says, and what really lies in it. */
async function usageOf({ ownerId }: Home) {
  const said = await system.database
    .selectFrom('workspace_home')
    .select(['objects', 'bytes'])
    .where('identity_id', '=', ownerId)
    .executeTakeFirst()
  const rows = await system.database
    .selectFrom('workspace_object')
    .select('size')
    .where('identity_id', '=', ownerId)
    .execute()
  return {
    said: { objects: said?.objects, bytes: Number(said?.bytes) },
    found: { objects: rows.length, bytes: rows.reduce((sum, { size }) => sum + Number(size), 0) },
  }
}

describe('a file', () => {
  it('is kept byte by byte, whatever it holds', async () => {
    const home = await makeHome()
    const contents = Uint8Array.from({ length: 512 }, (_, index) => index % 256)
    await files().writeFile(home, { path: 'all', contents }, { overwrite: false, now: NOW, admit })
    await write(home, 'nothing', '')
    expect(Uint8Array.from((await files().readContents(home, 'all')) ?? [])).toEqual(contents)
    expect(await files().readContents(home, 'nothing')).toHaveLength(0)
    expect(await files().findObject(home, 'nothing')).toMatchObject({ type: 'FILE', size: 0 })
  })

  it('that is overwritten keeps its id and the time at which it was made', async () => {
    const home = await makeHome()
    await write(home, 'a', 'one')
    const before = await files().findObject(home, 'a')
    expect(await write(home, 'a', 'other', true, LATER)).toBe('written')
    expect(await files().findObject(home, 'a')).toEqual({ ...before, size: 5, modifiedAt: LATER })
  })

  it('needs the directory that it is to lie in, which a file is not', async () => {
    const home = await makeHome()
    expect(await write(home, 'a/b')).toBe('no_such_directory')
    await write(home, 'a')
    expect(await write(home, 'a/b')).toBe('no_such_directory')
    expect(await mkdirs(home, 'a/b/c')).toEqual({ fileAt: 'a' })
  })

  it('takes no directory’s place', async () => {
    const home = await makeHome()
    await mkdirs(home, 'a')
    expect(await write(home, 'a', 'x', true)).toBe('exists')
  })

  it('of ten who create it at the same time, one does (the lock of a bundle)', async () => {
    const home = await makeHome()
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => write(home, 'deploy.lock', String(index))),
    )
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(9)
    const holder = Buffer.from((await files().readContents(home, 'deploy.lock')) ?? []).toString()
    expect(outcomes[Number(holder)]).toBe('written')
  })
})

describe('a directory', () => {
  it('shows what lies directly in it', async () => {
    const home = await makeHome()
    await mkdirs(home, 'a/b/c')
    await mkdirs(home, 'a2')
    await write(home, 'a/x')
    expect(await pathsIn(home, '')).toEqual(['a', 'a2'])
    expect(await pathsIn(home, 'a')).toEqual(['a/b', 'a/x'])
    expect(await pathsIn(home, 'a/b')).toEqual(['a/b/c'])
  })

  it('goes with everything in it, and nothing of a like name beside it', async () => {
    const home = await makeHome()
    for (const path of ['a/b', 'a-b', 'a.b', 'a0', 'ab', 'A']) await mkdirs(home, path)
    await write(home, 'a/b/%')
    expect(await files().removeObject(home, 'a', { recursive: false })).toBe('not_empty')
    expect(await files().removeObject(home, 'a', { recursive: true })).toBe('removed')
    expect(await files().removeObject(home, 'a', { recursive: true })).toBe('missing')
    expect(await pathsIn(home, '')).toEqual(['A', 'a-b', 'a.b', 'a0', 'ab'])
    expect(await pathsIn(home, 'a')).toEqual([])
    expect(await files().removeObject(home, 'ab', { recursive: false })).toBe('removed')
  })

  it('is made by ten at the same time without a fault', async () => {
    const home = await makeHome()
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => mkdirs(home, 'x/y/z')))
    expect(new Set(outcomes)).toEqual(new Set(['made']))
    const { said, found } = await usageOf(home)
    expect(said).toEqual(found)
    expect(found.objects).toBe(3)
  })

  it('that is removed while files are written into it keeps none of them', async () => {
    const home = await makeHome()
    await mkdirs(home, 'd')
    const writes = Array.from({ length: 8 }, (_, index) => write(home, `d/${String(index)}`))
    const [removed] = await Promise.all([files().removeObject(home, 'd', { recursive: true }), ...writes])
    expect(removed).toBe('removed')
    expect(await pathsIn(home, 'd')).toEqual([])
  })
})

it('whoever changes a busy home takes no connection that others need', async () => {
  const [busy, other] = [await makeHome(), await makeHome()]
  await write(busy, 'a')
  const store = files()
  const options = { overwrite: true, now: NOW, admit }
  await system.database
    .transaction()
    .execute(async (holder) => {
      await holder
        .selectFrom('workspace_home')
        .select('objects')
        .where('identity_id', '=', busy.ownerId)
        .forUpdate()
        .execute()
      const waiting = Array.from({ length: 20 }, () =>
        store.writeFile(busy, { path: 'a', contents: text('b') }, options),
      )
      expect(await write(other, 'a')).toBe('written')
      return { waiting }
    })
    .then(({ waiting }) => Promise.all(waiting))
  expect(await files().findObject(busy, 'a')).toMatchObject({ size: 1 })
})

describe('the sums of a home', () => {
  it('are what is there after many changes at once', async () => {
    const home = await makeHome()
    await mkdirs(home, 'd')
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const path = `d/${String(index % 5)}`
        return index % 6 === 5
          ? files().removeObject(home, path, { recursive: true })
          : write(home, path, 'y'.repeat(index), true)
      }),
    )
    const { said, found } = await usageOf(home)
    expect(said).toEqual(found)
  })

  it('are told before anything is kept, and nothing is when they are too much', async () => {
    const home = await makeHome()
    await write(home, 'a', 'four')
    const seen: HomeUsage[] = []
    const refuseIt = (after: HomeUsage) => {
      seen.push(after)
      throw new Error('too much')
    }
    const options = { now: NOW, admit: refuseIt }
    await expect(files().makeDirectories(home, ['b', 'b/c'], options)).rejects.toThrow('too much')
    await expect(
      files().writeFile(home, { path: 'a', contents: text('longer') }, { ...options, overwrite: true }),
    ).rejects.toThrow('too much')
    expect(seen).toEqual([
      { objects: 3, bytes: 4 },
      { objects: 1, bytes: 6 },
    ])
    expect(await pathsIn(home, '')).toEqual(['a'])
    expect((await usageOf(home)).said).toEqual({ objects: 1, bytes: 4 })
  })
})

describe('a home', () => {
  it('goes with its owner, and one made later under the same name begins with nothing', async () => {
    const name = `${randomUUID()}@example.com`
    const first = await makeHome(name)
    await write(first, 'secret', 'of the first')
    expect((await files().listOwners(workspaceId, 100)).map(({ id }) => id)).toContain(first.ownerId)
    await removeOwner(first)
    const second = await makeHome(name)
    expect(second.ownerId).not.toBe(first.ownerId)
    expect(await pathsIn(second, '')).toEqual([])
    expect((await usageOf(first)).found.objects).toBe(0)
    expect((await files().listOwners(workspaceId, 100)).map((owner) => owner.name)).not.toContain(name)
  })

  it('is one of its workspace, and so is what lies in it', async () => {
    const home = await makeHome()
    await mkdirs(home, 'a')
    const id = (await files().findObject(home, 'a'))?.id ?? ''
    const elsewhere = '1' as WorkspaceId
    for (const directory of [id, home.ownerId]) {
      expect(await files().findDirectoryOwner(workspaceId, directory)).toBe(home.ownerId)
      expect(await files().findDirectoryOwner(elsewhere, directory)).toBeUndefined()
    }
    expect(await files().findObject({ ...home, workspaceId: elsewhere }, 'a')).toBeUndefined()
    expect(await write({ ...home, workspaceId: elsewhere }, 'x')).toBe('no_such_home')
  })

  it('of somebody who is gone takes nothing', async () => {
    const home: Home = { workspaceId, ownerId: '999999999999999' as IdentityId }
    expect(await write(home, 'a')).toBe('no_such_home')
    expect(await mkdirs(home, 'a')).toBe('no_such_home')
    expect(await files().removeObject(home, 'a', { recursive: true })).toBe('missing')
  })

  it('whose owner goes while it is written to leaves nothing', async () => {
    const home = await makeHome()
    const writes = Array.from({ length: 8 }, (_, index) => write(home, String(index)))
    const [isRemoved] = await Promise.all([removeOwner(home), ...writes])
    expect(isRemoved).toBe(true)
    expect((await usageOf(home)).found.objects).toBe(0)
  })
})
