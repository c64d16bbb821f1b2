/** Turns a conflict in the directory into a refusal. */
import { DEEPEST_GROUP_NESTING } from '../../domain/group-nesting.ts'
import type { Identity } from '../../domain/identity.ts'
import type { DirectoryConflict } from '../ports/identities.ts'
import { refused, type RefusedError } from '../refused-error.ts'

/** @param identity as it would be after the change */
export function conflictError(
  conflict: DirectoryConflict,
  identity: Pick<Identity, 'type' | 'name'>,
): RefusedError {
  const type = identity.type
  const name = identity.name.slice(0, 256)
  switch (conflict.conflict) {
    case 'name_taken':
      return refused('identity_already_exists', { type, name })
    case 'name_looks_taken':
      return refused('identity_name_looks_taken', { type, name })
    case 'unknown_member':
      return invalidMembers(`no user, service principal or group has the id ${conflict.id}.`)
    case 'circle':
      return invalidMembers(
        `${conflict.id} contains the group ${name} itself; groups cannot contain each other.`,
      )
    case 'too_deep':
      return invalidMembers(
        `${conflict.id} would be nested too deeply; groups nest at most ${String(DEEPEST_GROUP_NESTING)} levels deep.`,
      )
  }
}

const invalidMembers = (problem: string): RefusedError =>
  refused('invalid_parameter', { field: 'members', problem })
