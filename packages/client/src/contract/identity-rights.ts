/** `GET /api/2.0/lakegate/identities/<id>/rights`: what the caller may do with an identity of its workspace. */

/** What can be done with an identity. */
export type IdentityAction =
  | 'change'
  /** Deletes it from the account, with its roles and secrets. */
  | 'delete'
  | 'take_out_of_workspace'
  | 'deactivate'
  | 'change_members'
  | 'make_account_administrator'
  | 'make_sign_in_link'
  | 'manage_secrets'
  | 'manage_federation'
  | 'manage_sign_in_sessions'
  | 'manage_open_sessions'

/** What the caller may do with an identity. */
export interface IdentityRightsAnswer {
  identity_id: string
  type: 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP'
  /** Who may change it: the administrators of this workspace, those of the account, those of another workspace, or the system. */
  kept_by: 'this_workspace' | 'account' | 'another_workspace' | 'system'
  actions: IdentityAction[]
}
