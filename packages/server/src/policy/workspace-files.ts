/**
 * Who may do what with the files of a workspace: everyone in their own home, administrators of the workspace in every
 * home. Homes of others are invisible: the answer is the same as for one that does not exist.
 */
import type { IdentityType, Principal } from '../domain/identity.ts'
import type { IdentityId } from '../domain/ids.ts'
import { LARGEST_FILE } from '../domain/workspace-files.ts'
import type { Caller } from './permissions.ts'
import { refuse, type Refusal } from './refusals.ts'

/** Undefined: no identity of this workspace has a home at this path. */
type OwnerId = IdentityId | undefined

const reaches = (caller: Caller, ownerId: OwnerId): boolean =>
  ownerId !== undefined && (ownerId === caller.identity.id || caller.isWorkspaceAdmin)

/** Reading contents and listing. */
export function decideReadHome(caller: Caller, ownerId: OwnerId, path: string): 'permitted' | Refusal {
  return reaches(caller, ownerId) ? 'permitted' : refuse('workspace_path_not_found', { path })
}

/** Importing, creating directories, deleting. */
export function decideChangeHome(caller: Caller, ownerId: OwnerId, path: string): 'permitted' | Refusal {
  if (reaches(caller, ownerId)) return 'permitted'
  if (caller.isWorkspaceAdmin) return refuse('workspace_path_not_found', { path })
  return refuse('permission_denied', {
    reason: `User ${caller.identity.name} has no permission to change ${path}; files are kept below /Workspace/Users/${caller.identity.name} only.`,
  })
}

export const DIRECTORY_PERMISSION_LEVELS = ['CAN_READ', 'CAN_RUN', 'CAN_EDIT', 'CAN_MANAGE'] as const

export interface WantedDirectoryGrant {
  readonly type: IdentityType
  readonly name: string
  readonly level: (typeof DIRECTORY_PERMISSION_LEVELS)[number]
}

/** Homes are not shared. Owner and administrators manage their contents, whatever lower level was requested. */
export function decideDirectoryGrant(
  owner: Pick<Principal, 'type' | 'name'>,
  { type, name }: WantedDirectoryGrant,
  index: number,
): 'permitted' | Refusal {
  const hasItAnyway = (type === owner.type && name === owner.name) || (type === 'GROUP' && name === 'admins')
  return hasItAnyway
    ? 'permitted'
    : refuse('invalid_parameter', {
        field: `access_control_list.${String(index)}`,
        problem: `files in the home of ${owner.name} are for their owner and the group admins only. In a bundle, leave others out of its top-level permissions, and name them in the permissions of its resources.`,
      })
}

export interface HomeUsage {
  readonly objects: number
  readonly bytes: number
}

const MOST_OBJECTS = 10_000
const MOST_BYTES = 100 * 1024 * 1024

/** @param after the usage of the home after the change */
export function decideHomeUsage(after: HomeUsage): 'permitted' | Refusal {
  if (after.objects > MOST_OBJECTS) {
    return refuse('quota_exceeded', {
      problem: `A home holds at most ${String(MOST_OBJECTS)} files and directories. Delete some first.`,
    })
  }
  return after.bytes > MOST_BYTES
    ? refuse('quota_exceeded', {
        problem: `A home holds at most ${inMebibytes(MOST_BYTES)} of files. Delete some first.`,
      })
    : 'permitted'
}

/** The same error as that of the real service for a file that is too large. */
export function decideFileSize(bytes: number, path: string): 'permitted' | Refusal {
  return bytes > LARGEST_FILE
    ? refuse('workspace_file_too_large', { path, limit: inMebibytes(LARGEST_FILE) })
    : 'permitted'
}

const inMebibytes = (bytes: number): string => `${String(bytes / 1024 / 1024)} MiB`
