/** What a login asks for, and the result when it is admitted. */
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
  /** A pooled session cannot have claims, because these are opened in one backend, once. */
  readonly endpoint?: 'direct' | 'pooled' | 'read-only'
}

export interface Admission {
  readonly instance: DatabaseInstance
  readonly roleName: string
  readonly roleOid: RoleOid
  /**
   * The proof of identity that the session shows to `databricks_create_role`; valid for nothing else. Undefined without
   * an identity, and for a pooled session.
   */
  readonly sessionTicket: string | undefined
  /**
   * The identity of the token, and for the role of a group the path of membership from the group down to that identity.
   * Undefined for a role that logged in by its own password: it is not known who that was.
   */
  readonly behind:
    | {
        readonly id: IdentityId
        readonly type: Identity['type']
        readonly name: string
        readonly path: readonly string[]
      }
    | undefined
  /** The verified token; undefined for a login by password. */
  readonly token: VerifiedToken | undefined
  /** Further tables that the session may read, in the database that it asked for (behaviour 10). */
  readonly claimedTables: readonly ClaimedTable[]
  /** For a pooled login: what PostgreSQL itself would check when it opens a backend. At the direct endpoint it does. */
  readonly pooled?: PooledAdmission | undefined
}

export interface PooledAdmission {
  readonly database: DatabaseFacts
  /** `rolconnlimit`; -1 means none. */
  readonly roleConnectionLimit: number
}

/**
 * @param proof asks the client for its proof, once, after everything that needs no proof has been checked
 * @throws RefusedError with what the client may read
 */
export type AdmitLogin = (request: LoginRequest, proof: ProofAsker) => Promise<Admission>
