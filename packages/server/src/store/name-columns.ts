/** The columns that are derived from the names of an identity (sql/system/0012-names.sql). */
import type { Identity } from '../domain/identity.ts'
import { nameKeysOf } from '../domain/name-keys.ts'
import { findNameProblem } from '../domain/names.ts'

export function nameColumns(identity: Pick<Identity, 'type' | 'name' | 'displayName'>) {
  const { canonical, skeleton } = nameKeysOf(identity.name)
  return {
    name_canonical: canonical,
    name_skeleton: skeleton,
    name_problem: findNameProblem(identity) ?? null,
  }
}
