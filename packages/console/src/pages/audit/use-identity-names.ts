/** The identity behind a record: the name in the record, otherwise the present name of the identity. */
import { useQuery } from '@tanstack/react-query'
import type { AuditRecordAnswer } from '@lakegate/client'
import type { AuditOf } from '../../data/audit.ts'
import { principalsByIdQuery } from '../../data/principals.ts'

/**
 * @returns a function that returns the name; the id if the identity no longer exists; undefined if the record has no
 * identity
 */
export function useIdentityNames(
  of: AuditOf,
  records: readonly AuditRecordAnswer[],
): (record: AuditRecordAnswer) => string | undefined {
  const place = of === 'workspace' ? 'workspace' : 'account'
  const nameless = records.flatMap(({ identity_id: id, identity_name: name }) =>
    id === undefined || name !== undefined ? [] : [id],
  )
  const users = useQuery(principalsByIdQuery('USER', nameless, place))
  const programs = useQuery(principalsByIdQuery('SERVICE_PRINCIPAL', nameless, place))
  const names = new Map([...(users.data ?? []), ...(programs.data ?? [])].map(({ id, name }) => [id, name]))
  return ({ identity_id: id, identity_name: name }) =>
    name ?? (id === undefined ? undefined : (names.get(id) ?? id))
}
