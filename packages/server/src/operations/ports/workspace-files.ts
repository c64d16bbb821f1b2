/** Where the files of a workspace are stored. */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { Home, WorkspaceObject } from '../../domain/workspace-files.ts'
import type { HomeUsage } from '../../policy/workspace-files.ts'

/**
 * Changes in one home happen one after another, each completely or not at all. Paths are relative to the home; the home
 * itself is a directory that always exists, and not an object.
 */
export interface WorkspaceFileStore {
  findObject(home: Home, path: string): Promise<WorkspaceObject | undefined>
  /** Undefined when there is no file. */
  readContents(home: Home, path: string): Promise<Uint8Array | undefined>
  /** The direct contents of a directory, by name. */
  listObjects(home: Home, directory: string): Promise<readonly WorkspaceObject[]>
  /**
   * The owner of the home that contains the directory with that id. A home has the id of its owner, and is known once
   * something was written to it.
   */
  findDirectoryOwner(workspaceId: WorkspaceId, objectId: string): Promise<IdentityId | undefined>
  /** The owners of homes that are not empty; by name. */
  listOwners(
    workspaceId: WorkspaceId,
    atMost: number,
  ): Promise<readonly { readonly id: IdentityId; readonly name: string }[]>
  /**
   * Creates the directories that do not exist yet, in that order.
   * @param admit gets the usage of the home after the change, and throws when that is too much
   * @returns the first path at which there is a file; then nothing was created
   */
  makeDirectories(
    home: Home,
    paths: readonly string[],
    options: { readonly now: Date; readonly admit: (after: HomeUsage) => void },
  ): Promise<'made' | 'no_such_home' | { readonly fileAt: string }>
  /** @returns `exists` also when there is a directory */
  writeFile(
    home: Home,
    file: { readonly path: string; readonly contents: Uint8Array },
    options: {
      readonly overwrite: boolean
      readonly now: Date
      readonly admit: (after: HomeUsage) => void
    },
  ): Promise<'written' | 'exists' | 'no_such_directory' | 'no_such_home'>
  removeObject(
    home: Home,
    path: string,
    options: { readonly recursive: boolean },
  ): Promise<'removed' | 'missing' | 'not_empty'>
}
