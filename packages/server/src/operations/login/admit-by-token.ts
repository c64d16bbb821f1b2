/**
 * A login by a token, whichever way the client sent it: the token is verified, then judged by facts read after that.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Redacted } from '../../domain/redacted.ts'
import { decideLogin, type Admitted } from '../../policy/login.ts'
import { refuse, type Refusal } from '../../policy/refusals.ts'
import type { VerifiedToken } from '../../tokens/claims.ts'
import type { TokenRejection } from '../../tokens/verify.ts'
import type { Admission, LoginRequest } from './admission.ts'
import type { AdmitLoginPorts, SeenOfLogin } from './admit-login-ports.ts'
import { admitToDatabase, databaseToAskFor } from './admit-to-database.ts'
import { loadFactsTogether } from './judge-login.ts'
import { orUnavailable } from '../or-unavailable.ts'
import { refused, RefusedError } from '../refused-error.ts'

/**
 * @param known the instance as it was when the client was asked for its proof
 * @param seen receives what becomes known about the login, for the audit record
 */
export async function admitByToken(
  ports: AdmitLoginPorts,
  request: LoginRequest,
  known: DatabaseInstance,
  presented: Redacted<string>,
  seen: SeenOfLogin,
): Promise<Admission> {
  const token = await verify(ports, request, presented)
  seen.token = token
  const { instance, admitted } = await orUnavailable(() => decide(ports, request, known, token))
  seen.admitted = admitted
  seen.instance = instance
  if (request.endpoint === 'pooled' && token.claimSetId !== undefined)
    throw refused('claims_not_pooled', { role: request.roleName })
  const pooled = admitToDatabase(request, admitted.role)
  // A backend that many sessions share must not be opened with the ticket of one of them.
  const sessionTicket =
    request.endpoint === 'pooled'
      ? undefined
      : await orUnavailable(() => issueTicket(ports, instance, admitted, token))
  const { id, type, name } = admitted.identity
  return {
    instance,
    roleName: admitted.role.name,
    roleOid: admitted.role.oid,
    sessionTicket,
    behind: { id, type, name, path: admitted.viaGroup?.membershipPath ?? [] },
    token,
    claimedTables: admitted.claimedTables.filter(
      (table) => table.instanceUid === instance.uid && table.databaseName === request.database,
    ),
    pooled,
  }
}

async function verify(
  ports: AdmitLoginPorts,
  { roleName: role }: LoginRequest,
  presented: Redacted<string>,
): Promise<VerifiedToken> {
  const verified = await orUnavailable(() => ports.verifyToken(presented.reveal(), ports.clock()))
  if (!('rejected' in verified)) return verified
  throw new RefusedError(toRefusal(verified, role))
}

function toRefusal({ rejected, expiresAt, notBefore }: TokenRejection, role: string): Refusal {
  switch (rejected) {
    case 'personal_access_token':
      return refuse('personal_access_token_as_password', { role })
    case 'wrong_kind':
      return refuse('token_not_for_postgres', { role })
    case 'expired':
      return refuse('token_expired', { role, expiredAt: expiresAt?.toISOString() ?? 'an earlier time' })
    case 'not_yet_valid':
      return refuse('token_not_yet_valid', { role, notBefore: notBefore?.toISOString() ?? 'a later time' })
    case 'not_decodable':
      return refuse('token_not_decodable', { role })
  }
}

/** Everything that decides is read after the proof, including the role: earlier values may have changed. */
async function decide(
  ports: AdmitLoginPorts,
  request: LoginRequest,
  known: DatabaseInstance,
  token: VerifiedToken,
): Promise<{ readonly instance: DatabaseInstance; readonly admitted: Admitted }> {
  const facts = await loadFactsTogether(ports, {
    instance: known,
    roleName: request.roleName,
    token,
    database: databaseToAskFor(request),
  })
  const verdict = decideLogin(facts)
  if (verdict.outcome === 'refused') throw new RefusedError(verdict)
  return { instance: facts.instance, admitted: verdict }
}

async function issueTicket(
  ports: AdmitLoginPorts,
  instance: DatabaseInstance,
  { identity, role }: Admitted,
  token: VerifiedToken,
): Promise<string> {
  return ports.issueTicket(
    {
      identityId: identity.id,
      workspaceId: instance.workspaceId,
      instanceUid: instance.uid,
      roleOid: role.oid,
      expiresAt: token.expiresAt,
    },
    ports.clock(),
  )
}
