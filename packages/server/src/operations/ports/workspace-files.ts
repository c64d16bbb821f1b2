/** Where the files of a workspace are kept. */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { Home, WorkspaceObject } from '../../domain/workspace-files.ts'
import type { HomeUsage } from '../../policy/workspace-files.ts'

/**
 * Changes of one home happen one after the other, each as a whole or not at all. Paths are those below the home; the
 * home itself is a directory that is always there, and no object.
 */
export interface WorkspaceFileStore {
  findObject(home: Home, path: string): Promise<WorkspaceObject | undefined>
  /** Undefined when there is no file. */
  readContents(home: Home, path: string): Promise<Uint8Array | undefined>
  /** What lies directly in a directory, by name. */
  listObjects(home: Home, directory: string): Promise<readonly WorkspaceObject[]>
  /** In whose home the directory of that id lies; a home has the id of its owner, and is known once it was written to. */
  findDirectoryOwner(workspaceId: WorkspaceId, objectId: string): Promise<IdentityId | undefined>
  /** Of the homes in which something lies; by name. */
  listOwners(
    workspaceId: WorkspaceId,
    atMost: number,
  ): Promise<readonly { readonly id: IdentityId; readonly name: string }[]>
  /**
   * Makes those that are not there yet, in that order.
   * @param admit is told what would lie in the home, and throws when that is too much
   * @returns the first path where a file is; then nothing was made
   */
  makeDirectories(
    home: Home,
    paths: readonly string[],
    options: { readonly now: Date; readonly admit: (after: HomeUsage) => void },
  ): Promise<'made' | 'no_such_home' | { readonly fileAt: string }>
  /** @returns `exists` as well when a directory is there */
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
