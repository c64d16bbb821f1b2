/** An additional check of a pooled login: may the role use the database? */
import type { RoleFacts } from '../../domain/role.ts'
import { decidePooledLogin } from '../../policy/pooled-login.ts'
import type { LoginRequest, PooledAdmission } from './admission.ts'
import { RefusedError } from '../refused-error.ts'

/**
 * The database to ask for together with the role; undefined at the direct endpoint, where PostgreSQL opens a backend
 * and checks.
 */
export const databaseToAskFor = ({ endpoint, database }: LoginRequest): string | undefined =>
  endpoint === 'pooled' ? database : undefined

/** @throws RefusedError with PostgreSQL's own message */
export function admitToDatabase(request: LoginRequest, role: RoleFacts): PooledAdmission | undefined {
  const name = databaseToAskFor(request)
  if (name === undefined) return undefined
  const verdict = decidePooledLogin(name, role.database)
  if (verdict.outcome === 'refused') throw new RefusedError(verdict)
  return { database: verdict.database, roleConnectionLimit: role.connectionLimit }
}
