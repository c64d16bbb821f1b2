/**
 * The session ticket: what a session keeps of the token that opened it, so that `databricks_create_role` can prove the
 * identity of the session to the control plane (DESIGN §4). The session can read it; it cannot be used to log in.
 */
import {
  parseIdentityId,
  parseInstanceUid,
  parseRoleOid,
  parseWorkspaceId,
  type IdentityId,
  type InstanceUid,
  type RoleOid,
  type WorkspaceId,
} from '../domain/ids.ts'
import { SESSION_TICKET_AUDIENCE, SESSION_TICKET_TYPE, TOKEN_LIFETIME_SECONDS } from './claims.ts'
import type { Signer } from './mint.ts'
import { signCompact } from './sign-compact.ts'
import { verifySignedToken, type TokenRejection, type VerificationContext } from './verify.ts'

export interface SessionTicket {
  readonly identityId: IdentityId
  readonly workspaceId: WorkspaceId
  readonly instanceUid: InstanceUid
  readonly roleOid: RoleOid
  /** Expiry of the token that opened the session (behaviour 20). */
  readonly expiresAt: Date
}

/** @returns a compact JWT without secrets beyond its signature */
export function issueSessionTicket(
  ticket: SessionTicket,
  context: { readonly issuer: string; readonly now: Date },
  signer: Signer,
): string {
  const expiresAt = Math.floor(ticket.expiresAt.getTime() / 1000)
  return signCompact(
    { typ: SESSION_TICKET_TYPE, kid: signer.kid },
    {
      workspace_id: ticket.workspaceId,
      instance: ticket.instanceUid,
      role_oid: ticket.roleOid,
      iss: context.issuer,
      sub: ticket.identityId,
      aud: SESSION_TICKET_AUDIENCE,
      // Not before the token was issued, by whichever clock: a longer life than that of a token is refused.
      iat: Math.max(Math.floor(context.now.getTime() / 1000), expiresAt - TOKEN_LIFETIME_SECONDS),
      exp: expiresAt,
    },
    signer.privateKey,
  )
}

export async function verifySessionTicket(
  text: string,
  context: VerificationContext,
): Promise<SessionTicket | TokenRejection> {
  const genuine = await verifySignedToken(text, context)
  if ('rejected' in genuine) return genuine
  const { type, payload } = genuine
  if (type !== SESSION_TICKET_TYPE || payload.aud !== SESSION_TICKET_AUDIENCE)
    return { rejected: 'wrong_kind' }
  const identityId = parseText(payload.sub, parseIdentityId)
  const workspaceId = parseText(payload['workspace_id'], parseWorkspaceId)
  const instanceUid = parseText(payload['instance'], parseInstanceUid)
  const roleOid = parseText(payload['role_oid'], parseRoleOid)
  if (
    identityId === undefined ||
    workspaceId === undefined ||
    instanceUid === undefined ||
    roleOid === undefined ||
    payload.exp === undefined
  ) {
    return { rejected: 'wrong_kind' }
  }
  return { identityId, workspaceId, instanceUid, roleOid, expiresAt: new Date(payload.exp * 1000) }
}

function parseText<Id>(value: unknown, parse: (text: string) => Id | undefined): Id | undefined {
  return typeof value === 'string' ? parse(value) : undefined
}
