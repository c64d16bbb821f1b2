/** The identity to which a role is bound, by its present name. */
import { useQuery } from '@tanstack/react-query'
import type { DatabaseInstanceRole } from '@lakegate/client'
import { principalsByIdQuery, type Principal, type PrincipalKind } from '../../data/principals.ts'
import { Badge, PrincipalChip, STATE_ICONS } from '../../kit/badge.tsx'
import { messages } from '../../messages/index.ts'
import styles from './instance-tabs.module.css'

/** Undefined: not known yet. Null: the identity is no longer in the workspace. */
export type FoundIdentity = Principal | null | undefined

/** Looks up all identities to which the roles are bound. */
export function useRoleIdentities(
  roles: readonly DatabaseInstanceRole[],
): (role: DatabaseInstanceRole) => FoundIdentity {
  const idsOf = (type: PrincipalKind) =>
    roles.flatMap((role) =>
      role.identity_type === type && role.identity_id !== undefined ? [role.identity_id] : [],
    )
  const found = {
    USER: useQuery(principalsByIdQuery('USER', idsOf('USER'))),
    SERVICE_PRINCIPAL: useQuery(principalsByIdQuery('SERVICE_PRINCIPAL', idsOf('SERVICE_PRINCIPAL'))),
    GROUP: useQuery(principalsByIdQuery('GROUP', idsOf('GROUP'))),
  } as const
  return ({ identity_type: type, identity_id: id }) => {
    if (type === 'PG_ONLY' || id === undefined) return undefined
    const { data, isPlaceholderData } = found[type]
    const principal = data?.find((candidate) => candidate.id === id)
    if (principal !== undefined) return principal
    return data === undefined || isPlaceholderData ? undefined : null
  }
}

export interface RoleIdentityProps {
  readonly role: DatabaseInstanceRole
  readonly found: FoundIdentity
}

export function RoleIdentity({ role, found }: RoleIdentityProps) {
  const texts = messages.instanceTabs.roles
  if (role.identity_type === 'PG_ONLY') return <PrincipalChip type="PG_ONLY" name={texts.passwordOnly} />
  if (found === null)
    return (
      <span className={styles['gone']} title={texts.goneTitle(role.identity_id ?? '')}>
        <Badge icon={STATE_ICONS.gone}>{texts.gone}</Badge>
      </span>
    )
  return (
    <PrincipalChip
      type={role.identity_type}
      name={found?.displayName ?? role.name}
      isGroupRole={role.identity_type === 'GROUP'}
    />
  )
}
