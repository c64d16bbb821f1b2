/**
 * Answers `databricks_create_role` in an instance: which identity has this name? The asking session proves its identity
 * by its ticket, which must not have expired (behaviours 20, 33, 36). What the session may do inside PostgreSQL is
 * decided by PostgreSQL.
 */
import { parseIdentityType, type Identity } from '../../domain/identity.ts'
import { refuse, type Refusal } from '../../policy/refusals.ts'
import type { SessionTicket } from '../../tokens/session-ticket.ts'
import type { TokenRejection } from '../../tokens/verify.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory } from '../ports/directory.ts'
import { refused, RefusedError } from '../refused-error.ts'

export interface IdentityQuestion {
  /** The `databricks_auth.session` setting of the session; empty when it has none. */
  readonly ticket: string
  /** Object id of the session's own role, as the SECURITY DEFINER function sees it. */
  readonly roleOid: string
  readonly name: string
  readonly type: string
}

export interface AnswerPorts {
  readonly directory: Pick<Directory, 'loadPrincipal' | 'loadAssignment' | 'findAssignedByName'>
  readonly verifySessionTicket: (ticket: string, now: Date) => Promise<SessionTicket | TokenRejection>
  readonly audit: AuditLog
  readonly clock: Clock
}

/** @throws RefusedError session_not_by_identity, session_token_expired, identity_inactive, identity_not_found, … */
export type AnswerIdentityQuestion = (question: IdentityQuestion) => Promise<Identity>

export function createAnswerIdentityQuestion(ports: AnswerPorts): AnswerIdentityQuestion {
  return async (question) => {
    let ticket: SessionTicket | undefined
    const record = (outcome: 'admitted' | 'refused' | 'failed', reason?: string) => {
      ports.audit.record({
        event: 'create_role',
        outcome,
        role: question.name.slice(0, 256),
        ...(reason === undefined ? {} : { reason }),
        ...(ticket === undefined
          ? {}
          : {
              identityId: ticket.identityId,
              workspaceId: ticket.workspaceId,
              instanceUid: ticket.instanceUid,
            }),
      })
    }
    try {
      ticket = await verifyTicket(ports, question)
      await requireActive(ports, ticket)
      const identity = await find(ports, ticket, question)
      record('admitted')
      return identity
    } catch (error) {
      if (error instanceof RefusedError) record('refused', error.refusal.name)
      else record('failed')
      throw error
    }
  }
}

async function verifyTicket(ports: AnswerPorts, question: IdentityQuestion): Promise<SessionTicket> {
  if (question.ticket === '') throw refused('session_not_by_identity')
  const ticket = await ports.verifySessionTicket(question.ticket, ports.clock())
  if ('rejected' in ticket) {
    if (ticket.rejected === 'expired' && ticket.expiresAt !== undefined) {
      throw refused('session_token_expired', { expiredAt: ticket.expiresAt.toISOString() })
    }
    throw refused('session_not_by_identity')
  }
  // A ticket of another session's role proves nothing about this session.
  if (ticket.roleOid !== question.roleOid) throw refused('session_not_by_identity')
  return ticket
}

async function requireActive(ports: AnswerPorts, ticket: SessionTicket): Promise<void> {
  const caller = await ports.directory.loadPrincipal(ticket.identityId)
  const membership = await ports.directory.loadAssignment(ticket.identityId, ticket.workspaceId)
  if (!caller?.active || membership.permission === undefined) throw refused('session_identity_inactive')
}

async function find(
  ports: AnswerPorts,
  ticket: SessionTicket,
  question: IdentityQuestion,
): Promise<Identity> {
  const type = parseIdentityType(question.type)
  // behaviour 32
  if (type === undefined) throw refused('identity_type_unknown', { type: question.type.slice(0, 64) })
  const identity = await ports.directory.findAssignedByName(ticket.workspaceId, type, question.name)
  if (identity === undefined) throw new RefusedError(notFound(question.name, type))
  return identity
}

// behaviour 33
const notFound = (name: string, type: string): Refusal =>
  refuse('identity_not_found', { name: name.slice(0, 256), type })
