/**
 * Files of a workspace, as far as bundles of the Databricks CLI need them: every user and service principal has a home
 * at /Workspace/Users/<name>, and there are no other places. Notebooks are ordinary files.
 */
import type { IdentityId } from '../../domain/ids.ts'
import {
  parseWorkspacePath,
  pathsDownTo,
  type Home,
  type WorkspaceObject,
  type WorkspacePath,
} from '../../domain/workspace-files.ts'
import type { Caller } from '../../policy/permissions.ts'
import {
  decideChangeHome,
  decideFileSize,
  decideHomeUsage,
  decideReadHome,
  type HomeUsage,
} from '../../policy/workspace-files.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory } from '../ports/directory.ts'
import type { WorkspaceFileStore } from '../ports/workspace-files.ts'
import { findHomeOwner } from '../directory/find-home-owner.ts'
import { refused, requirePermitted } from '../refused-error.ts'

export interface WorkspaceFilePorts {
  readonly files: WorkspaceFileStore
  readonly directory: Pick<Directory, 'findAssignedByName'>
  readonly audit: AuditLog
  readonly clock: Clock
}

/** An object with its full path, in the spelling that the caller used. */
export interface ShownObject {
  readonly id: string
  readonly type: 'DIRECTORY' | 'FILE'
  readonly path: string
  /** For files. */
  readonly file?: Pick<WorkspaceObject, 'size' | 'createdAt' | 'modifiedAt'>
}

/** The built-in directories; their ids are below those of the store. */
const ROOT_ID = '1'
const HOMES_ID = '2'
const MOST_HOMES_LISTED = 10_000

/** @throws RefusedError workspace_path_not_found, invalid_parameter */
export async function getObject(
  ports: WorkspaceFilePorts,
  caller: Caller,
  text: string,
): Promise<ShownObject> {
  const path = requirePath(text)
  if (path.place === 'root') return { id: ROOT_ID, type: 'DIRECTORY', path: path.text }
  if (path.place === 'homes') return { id: HOMES_ID, type: 'DIRECTORY', path: path.text }
  const { home, below, homeText } = await requireHome(ports, caller, path, decideReadHome)
  if (below === '') return { id: home.ownerId, type: 'DIRECTORY', path: homeText }
  const object = await ports.files.findObject(home, below)
  if (object === undefined) throw notFound(path.text)
  return show(homeText, object)
}

/**
 * The direct contents of a directory; for a file, the file itself. @throws RefusedError workspace_path_not_found,
 * invalid_parameter
 */
export async function listDirectory(
  ports: WorkspaceFilePorts,
  caller: Caller,
  text: string,
): Promise<readonly ShownObject[]> {
  const path = requirePath(text)
  if (path.place === 'root') {
    const homes = path.text === '/' ? '/Users' : `${path.text}/Users`
    return [{ id: HOMES_ID, type: 'DIRECTORY', path: homes }]
  }
  if (path.place === 'homes') return listHomes(ports, caller, path.text)
  const { home, below, homeText } = await requireHome(ports, caller, path, decideReadHome)
  if (below !== '') {
    const object = await ports.files.findObject(home, below)
    if (object === undefined) throw notFound(path.text)
    if (object.type === 'FILE') return [show(homeText, object)]
  }
  const objects = await ports.files.listObjects(home, below)
  record(ports, caller, home, `list ${path.text}`)
  return objects.map((object) => show(homeText, object))
}

/** @throws RefusedError workspace_path_not_found, invalid_parameter */
export async function exportFile(
  ports: WorkspaceFilePorts,
  caller: Caller,
  text: string,
): Promise<Uint8Array> {
  const path = requirePath(text)
  if (path.place === 'root' || path.place === 'homes') throw isDirectory()
  const { home, below } = await requireHome(ports, caller, path, decideReadHome)
  const contents = below === '' ? undefined : await ports.files.readContents(home, below)
  if (contents === undefined) {
    const isThere = below === '' || (await ports.files.findObject(home, below)) !== undefined
    throw isThere ? isDirectory() : notFound(path.text)
  }
  record(ports, caller, home, `export ${path.text}`)
  return contents
}

/** Also creates missing parent directories; existing ones are left alone. */
export async function makeDirectory(ports: WorkspaceFilePorts, caller: Caller, text: string): Promise<void> {
  const path = requirePath(text)
  if (path.place === 'root' || path.place === 'homes') return
  const { home, below, homeText } = await requireHome(ports, caller, path, decideChangeHome)
  if (below === '') return
  const made = await ports.files.makeDirectories(home, pathsDownTo(below), {
    now: ports.clock(),
    admit: admitUsage,
  })
  if (made === 'no_such_home') throw notFound(homeText)
  if (made !== 'made') throw taken(`${homeText}/${made.fileAt}`)
  record(ports, caller, home, `mkdirs ${path.text}`)
}

/**
 * When several callers create the same file at once without `overwrite`, exactly one succeeds.
 * @throws RefusedError workspace_path_taken, workspace_path_not_found (of the directory), workspace_file_too_large,
 *   quota_exceeded, permission_denied, invalid_parameter
 */
export async function importFile(
  ports: WorkspaceFilePorts,
  caller: Caller,
  file: { readonly path: string; readonly contents: Uint8Array; readonly overwrite: boolean },
): Promise<void> {
  const path = requirePath(file.path)
  if (path.place === 'root' || path.place === 'homes') throw taken(path.text)
  const { home, below, homeText } = await requireHome(ports, caller, path, decideChangeHome)
  if (below === '') throw taken(homeText)
  requirePermitted(decideFileSize(file.contents.length, path.text))
  const written = await ports.files.writeFile(
    home,
    { path: below, contents: file.contents },
    { overwrite: file.overwrite, now: ports.clock(), admit: admitUsage },
  )
  if (written === 'no_such_home') throw notFound(homeText)
  if (written === 'no_such_directory') throw notFound(path.text.slice(0, path.text.lastIndexOf('/')))
  if (written === 'exists') throw taken(path.text)
  record(ports, caller, home, `import ${path.text}`)
}

/**
 * @throws RefusedError workspace_path_not_found, workspace_directory_not_empty, permission_denied, invalid_parameter
 */
export async function deleteObject(
  ports: WorkspaceFilePorts,
  caller: Caller,
  request: { readonly path: string; readonly recursive: boolean },
): Promise<void> {
  const path = requirePath(request.path)
  if (path.place === 'root' || path.place === 'homes') throw staysThere()
  const { home, below } = await requireHome(ports, caller, path, decideChangeHome)
  if (below === '') throw staysThere()
  const removed = await ports.files.removeObject(home, below, { recursive: request.recursive })
  if (removed === 'missing') throw notFound(path.text)
  if (removed === 'not_empty') throw refused('workspace_directory_not_empty', { path: path.text })
  record(ports, caller, home, `delete ${path.text}`)
}

async function listHomes(
  { files }: WorkspaceFilePorts,
  caller: Caller,
  text: string,
): Promise<readonly ShownObject[]> {
  const owners = new Map<IdentityId, string>([[caller.identity.id, caller.identity.name]])
  if (caller.isWorkspaceAdmin) {
    const all = await files.listOwners(caller.workspaceId, MOST_HOMES_LISTED)
    for (const { id, name } of all) owners.set(id, name)
  }
  return [...owners].map(([id, name]) => ({ id, type: 'DIRECTORY', path: `${text}/${name}` }))
}

function requirePath(text: string): WorkspacePath {
  const path = parseWorkspacePath(text)
  if ('problem' in path) throw invalidPath(path.problem)
  return path
}

async function requireHome(
  { directory }: WorkspaceFilePorts,
  caller: Caller,
  path: WorkspacePath,
  decide: typeof decideReadHome,
): Promise<{ readonly home: Home; readonly below: string; readonly homeText: string }> {
  const ownerId = path.place === 'home' ? await findHomeOwner(directory, caller, path.owner) : undefined
  requirePermitted(decide(caller, ownerId, path.text))
  if (path.place !== 'home' || ownerId === undefined) throw notFound(path.text)
  const { below, homeText } = path
  return { home: { workspaceId: caller.workspaceId, ownerId }, below, homeText }
}

const admitUsage = (after: HomeUsage): void => {
  requirePermitted(decideHomeUsage(after))
}

/**
 * Records what administrators do in other homes. Actions in the caller's own home are not recorded: a bundle writes a
 * lot.
 */
function record({ audit }: WorkspaceFilePorts, caller: Caller, home: Home, detail: string): void {
  if (home.ownerId === caller.identity.id) return
  audit.record({
    event: 'workspace_files',
    outcome: 'admitted',
    identityId: caller.identity.id,
    identityName: caller.identity.name,
    workspaceId: caller.workspaceId,
    detail,
  })
}

const show = (homeText: string, object: WorkspaceObject): ShownObject => ({
  id: object.id,
  type: object.type,
  path: `${homeText}/${object.path}`,
  ...(object.type === 'FILE' ? { file: object } : {}),
})

const notFound = (path: string) => refused('workspace_path_not_found', { path })
const taken = (path: string) => refused('workspace_path_taken', { path })
const invalidPath = (problem: string) => refused('invalid_parameter', { field: 'path', problem })
const isDirectory = () => invalidPath('leads to a directory; only files are exported.')
const staysThere = () =>
  invalidPath('leads to a home or to a directory above it; a home exists as long as its owner.')
