/** How far the person is on the way to a first login, by facts from the server and never by clicks (design 7.1). */
import type { DatabaseInstance, InstanceAction } from '@lakegate/client'
import { useQuery } from '@tanstack/react-query'
import { lastRecordQuery } from '../../../data/audit-facts.ts'
import { instanceRolesQuery } from '../../../data/instance-roles.ts'
import { instanceRightsQuery } from '../../../data/instances.ts'
import { useMay, useSession } from '../../../data/session.ts'
import { instanceSessionsQuery } from '../../../data/sessions.ts'

export interface FirstLoginFacts {
  readonly hasToken: boolean
  /** The role of the login; `isNow` while the session is open. */
  readonly login: { readonly role: string; readonly isNow: boolean } | undefined
  readonly othersHaveRoles: boolean
}

const NEEDED: readonly InstanceAction[] = ['see_roles', 'see_sessions']

/** Undefined until everything is known, and for a person who may not see the facts, which are in the audit. */
export function useFirstLogin(instance: DatabaseInstance | undefined): FirstLoginFacts | undefined {
  const { person } = useSession()
  const mayAudit = useMay('see_audit') === true && instance?.state === 'AVAILABLE'
  const name = instance?.name ?? ''
  // An administrator of the account sees the audit, but not the sessions of an instance.
  const { data: rights } = useQuery({ ...instanceRightsQuery(name), enabled: mayAudit })
  const enabled = mayAudit && NEEDED.every((action) => rights?.actions.includes(action) === true)
  const mine = { outcome: 'admitted', identityId: person.id } as const
  const minted = useQuery({ ...lastRecordQuery({ event: 'mint_database_credential', ...mine }), enabled })
  const admitted = useQuery({ ...lastRecordQuery({ event: 'login', ...mine }), enabled })
  const sessions = useQuery({ ...instanceSessionsQuery(name), enabled })
  const roles = useQuery({ ...instanceRolesQuery(name), enabled })
  if (
    minted.data === undefined ||
    admitted.data === undefined ||
    sessions.data === undefined ||
    roles.data === undefined
  )
    return undefined
  const open = sessions.data.sessions.find(({ identity }) => identity?.id === person.id)
  const ofIdentities = roles.data.filter(({ identity_type: type }) => type !== 'PG_ONLY')
  return {
    hasToken: minted.data !== null,
    login: open === undefined ? pastLogin(admitted.data?.role) : { role: open.role, isNow: true },
    othersHaveRoles: ofIdentities.some(({ name: role }) => role !== person.name),
  }
}

const pastLogin = (role: string | undefined): FirstLoginFacts['login'] =>
  role === undefined ? undefined : { role, isNow: false }
