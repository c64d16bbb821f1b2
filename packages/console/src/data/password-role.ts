/**
 * Roles with a password of their own. REST takes no passwords, so the person itself creates them, in a SQL session of its
 * own; what is sent has the verifier that PostgreSQL keeps, not the password.
 */
import type { DatabaseInstance } from '@lakegate/client'
import { canHashPasswords, hashRolePassword } from '@lakegate/sql-text'
import { runOnce } from './sql-once.ts'

const LENGTH = 20
/** Without those that look alike, and without what a shell or a URL would read. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'

/** Each letter as likely as any other: bytes that would favour the first ones are thrown away. */
export function makePassword(): string {
  const most = 256 - (256 % LETTERS.length)
  let password = ''
  while (password.length < LENGTH) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1))
    if (byte < most) password += LETTERS.charAt(byte % LETTERS.length)
  }
  return password
}

/** The SCRAM verifier; undefined where the browser cannot compute one, and the server does. */
export const verifierOf = (password: string): Promise<string | undefined> =>
  canHashPasswords() ? hashRolePassword(password) : Promise.resolve(undefined)

/** @throws SqlOnceError with what PostgreSQL or the gateway says */
export async function createByOwnSql(instance: DatabaseInstance, sql: string): Promise<void> {
  await runOnce(instance.name, instance.attached?.database ?? FIRST_DATABASE, sql)
}

/** That every instance has. */
const FIRST_DATABASE = 'databricks_postgres'
