/**
 * What a caller may do with an identity, as a list. Uses the same rules as the actions themselves, so that a page shows
 * a control exactly where the action would be permitted. Pure.
 */
import type { IdentityRecord } from '../domain/directory.ts'
import {
  decideManageAccount,
  decideManageIdentity,
  decideManageWorkspace,
  decideTakeAwayAccess,
  type Caller,
} from './permissions.ts'
import type { Refusal } from './refusals.ts'

export const IDENTITY_ACTIONS = [
  'change',
  'delete',
  'take_out_of_workspace',
  'deactivate',
  'change_members',
  'make_account_administrator',
  'make_sign_in_link',
  'manage_secrets',
  'manage_federation',
  'manage_sign_in_sessions',
  'manage_open_sessions',
] as const
export type IdentityAction = (typeof IDENTITY_ACTIONS)[number]

export type JudgedIdentity = Pick<
  IdentityRecord,
  'id' | 'name' | 'type' | 'homeWorkspaceId' | 'systemGroup' | 'isAccountAdmin'
>

type Verdict = 'permitted' | Refusal

/**
 * @returns the permitted actions, in the order of IDENTITY_ACTIONS, without those that do not apply to the identity's
 * type
 */
export function identityActions(caller: Caller, identity: JudgedIdentity): readonly IdentityAction[] {
  const changed = () => decideManageIdentity(caller, identity)
  const takenAway = () => both(changed, () => decideTakeAwayAccess(caller, identity.id))
  const rules: Readonly<Record<IdentityAction, () => Verdict>> = {
    change: changed,
    delete: takenAway,
    take_out_of_workspace: () =>
      both(
        () => decideManageWorkspace(caller, caller.workspaceId),
        () => decideTakeAwayAccess(caller, identity.id),
      ),
    deactivate: takenAway,
    change_members: changed,
    make_account_administrator: () => both(() => decideManageAccount(caller), changed),
    make_sign_in_link: changed,
    manage_secrets: changed,
    manage_federation: changed,
    // Callers may always manage their own sign-in sessions.
    manage_sign_in_sessions: () => (caller.identity.id === identity.id ? 'permitted' : changed()),
    manage_open_sessions: () => decideManageWorkspace(caller, caller.workspaceId),
  }
  return IDENTITY_ACTIONS.filter(
    (action) => KNOWN_TO[identity.type].includes(action) && rules[action]() === 'permitted',
  ).filter((action) => action !== 'take_out_of_workspace' || identity.systemGroup === undefined)
}

const OF_ALL: readonly IdentityAction[] = [
  'change',
  'delete',
  'take_out_of_workspace',
  'manage_open_sessions',
]
const KNOWN_TO: Readonly<Record<IdentityRecord['type'], readonly IdentityAction[]>> = {
  USER: [
    ...OF_ALL,
    'deactivate',
    'make_account_administrator',
    'make_sign_in_link',
    'manage_sign_in_sessions',
  ],
  SERVICE_PRINCIPAL: [
    ...OF_ALL,
    'deactivate',
    'make_account_administrator',
    'manage_secrets',
    'manage_federation',
  ],
  GROUP: [...OF_ALL, 'change_members'],
}

const both = (one: () => Verdict, other: () => Verdict): Verdict => {
  const verdict = one()
  return verdict === 'permitted' ? other() : verdict
}

export type IdentityKeeper = 'this_workspace' | 'account' | 'another_workspace' | 'system'

/** Whose administrators manage an identity. */
export function identityKeeper(
  caller: Pick<Caller, 'workspaceId'>,
  identity: JudgedIdentity,
): IdentityKeeper {
  if (identity.systemGroup !== undefined) return 'system'
  if (identity.homeWorkspaceId === undefined) return 'account'
  return identity.homeWorkspaceId === caller.workspaceId ? 'this_workspace' : 'another_workspace'
}
