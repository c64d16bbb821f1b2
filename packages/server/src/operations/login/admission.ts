/** What is asked for at a login, and what comes of it when it is admitted. */
import type { ClaimedTable } from '../../domain/catalog.ts'
import type { DatabaseFacts } from '../../domain/database-facts.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { Identity } from '../../domain/identity.ts'
import type { IdentityId, InstanceUid, RoleOid } from '../../domain/ids.ts'
import type { VerifiedToken } from '../../tokens/claims.ts'
import type { ProofAsker } from '../ports/proof.ts'

export interface LoginRequest {
  readonly instanceUid: InstanceUid
  /** As the client sent it; compared exactly. */
  readonly roleName: string
  readonly database: string
  readonly clientAddress: string
  /** The client asked for OAUTHBEARER in its startup message. */
  readonly wantsBearer: boolean
  /** A pooled session cannot have claims: they are opened in one backend, once. */
  readonly endpoint?: 'direct' | 'pooled' | 'read-only'
}

export interface Admission {
  readonly instance: DatabaseInstance
  readonly roleName: string
  readonly roleOid: RoleOid
  /** What the session will show to `databricks_create_role`; a token of nothing else. Undefined without an identity, and for a pooled session. */
  readonly sessionTicket: string | undefined
  /**
   * The identity of the token, and for the role of a group the path of membership from the group down to it. Undefined
   * for a role that logged in by its own password: nobody knows who that was.
   */
  readonly behind:
    | {
        readonly id: IdentityId
        readonly type: Identity['type']
        readonly name: string
        readonly path: readonly string[]
      }
    | undefined
  /** What was proved; undefined for a proof that is no token. */
  readonly token: VerifiedToken | undefined
  /** What the session reads besides, in the database that it asked for (behaviour 10). */
  readonly claimedTables: readonly ClaimedTable[]
  /** Of a pooled login: what PostgreSQL would have looked at, had it opened a backend. Elsewhere it looks itself. */
  readonly pooled?: PooledAdmission | undefined
}

export interface PooledAdmission {
  readonly database: DatabaseFacts
  /** `rolconnlimit`; -1 means none. */
  readonly roleConnectionLimit: number
}

/**
 * @param proof asks the client, once, after everything that needs no proof was checked
 * @throws RefusedError with what the client may read
 */
export type AdmitLogin = (request: LoginRequest, proof: ProofAsker) => Promise<Admission>
