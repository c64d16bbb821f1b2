/** What a pooled login is asked besides, of the role that it proved to be: may it use the database? */
import type { RoleFacts } from '../../domain/role.ts'
import { decidePooledLogin } from '../../policy/pooled-login.ts'
import type { LoginRequest, PooledAdmission } from './admission.ts'
import { RefusedError } from '../refused-error.ts'

/** What is to be asked for with the role: nothing at the direct endpoint, where PostgreSQL opens a backend and judges. */
export const databaseToAskFor = ({ endpoint, database }: LoginRequest): string | undefined =>
  endpoint === 'pooled' ? database : undefined

/** @throws RefusedError in the words of PostgreSQL */
export function admitToDatabase(request: LoginRequest, role: RoleFacts): PooledAdmission | undefined {
  const name = databaseToAskFor(request)
  if (name === undefined) return undefined
  const verdict = decidePooledLogin(name, role.database)
  if (verdict.outcome === 'refused') throw new RefusedError(verdict)
  return { database: verdict.database, roleConnectionLimit: role.connectionLimit }
}
