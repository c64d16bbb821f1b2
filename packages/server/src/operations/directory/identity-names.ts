/** Checks new names of identities: only names that people can tell apart are accepted (domain/names.ts). */
import type { IdentityChange } from '../../domain/directory.ts'
import type { IdentityType } from '../../domain/identity.ts'
import {
  findUnseen,
  judgeDisplayName,
  judgeGroupName,
  judgeUserName,
  type NameVerdict,
} from '../../domain/names.ts'
import { refused, type RefusedError } from '../refused-error.ts'

type Names = Pick<IdentityChange, 'name' | 'displayName' | 'externalId' | 'givenName' | 'familyName'>

/**
 * @param current the names of an existing identity; unchanged names may predate the rules
 * @returns the same, in Unicode's composed form (NFC)
 * @throws RefusedError invalid_parameter with the name of the field and the reason
 */
export function requireNames<Given extends Names>(
  type: IdentityType,
  given: Given,
  current: Names | undefined,
): Given {
  const isNew = (field: keyof Names): boolean =>
    given[field] !== undefined && given[field] !== current?.[field]
  for (const field of ['externalId', 'givenName', 'familyName'] as const) {
    const problem = isNew(field) ? findUnseen(given[field] ?? '') : undefined
    if (problem !== undefined) throw invalid(field === 'externalId' ? field : `name.${field}`, problem)
  }
  const judged: { name?: string; displayName?: string } = {}
  if (given.name !== undefined && isNew('name')) {
    judged.name =
      type === 'USER'
        ? requireFit(given.name, 'userName', judgeUserName)
        : type === 'GROUP'
          ? requireFit(given.name, 'displayName', judgeGroupName)
          : given.name
  }
  if (given.displayName !== undefined && isNew('displayName')) {
    // When no display name was given, it is the name.
    judged.displayName =
      given.displayName === given.name
        ? (judged.name ?? given.displayName)
        : requireFit(given.displayName, 'displayName', judgeDisplayName)
  }
  return { ...given, ...judged }
}

function requireFit(text: string, field: string, judge: (text: string) => NameVerdict): string {
  const verdict = judge(text)
  if ('problem' in verdict) throw invalid(field, verdict.problem)
  return verdict.name
}

/** For workspaces, applications and the like. @throws RefusedError invalid_parameter */
export const requireDisplayName = (text: string, field: string): string =>
  requireFit(text, field, judgeDisplayName)

const invalid = (field: string, problem: string): RefusedError =>
  refused('invalid_parameter', { field, problem })
