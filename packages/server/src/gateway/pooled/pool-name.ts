/**
 * What must be the same for two sessions to use one backend (docs/decisions/0011): everything that a backend is opened
 * with. The role and the database count with their OIDs as well as their names, because a name can be reused; the
 * identity counts because databricks_session_identity() reports who opened the backend.
 */
import type { Admission } from '../../operations/login/admission.ts'
import { isProtocolOption } from '../../protocol/protocol-version.ts'
import type { ProtocolVersion, StartupMessage } from '../../protocol/startup.ts'

export function poolNameOf(
  { roleName, roleOid, behind, pooled }: Pick<Admission, 'roleName' | 'roleOid' | 'behind' | 'pooled'>,
  { message, version }: { readonly message: StartupMessage; readonly version: ProtocolVersion },
): string {
  const parameters = message.parameters
    .filter(({ name }) => name !== 'user' && !isProtocolOption(name))
    .map(({ name, value }) => [name, value.toString('base64')])
  return JSON.stringify([roleName, roleOid, pooled?.database.oid, behind, version.minor, parameters])
}
