/**
 * Roles with a password of their own. REST accepts no passwords, so the person creates these roles in a SQL session;
 * the browser sends the verifier that PostgreSQL stores, not the password.
 */
import type { DatabaseInstance } from '@lakegate/client'
import { canHashPasswords, hashRolePassword } from '@lakegate/sql-text'
import { runOnce } from './sql-once.ts'

const LENGTH = 20
/** Without letters that look alike, and without characters that a shell or a URL would interpret. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'

/** Each letter is equally likely: bytes that would favour the first letters are discarded. */
export function makePassword(): string {
  const most = 256 - (256 % LETTERS.length)
  let password = ''
  while (password.length < LENGTH) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1))
    if (byte < most) password += LETTERS.charAt(byte % LETTERS.length)
  }
  return password
}

/** The SCRAM verifier; undefined when the browser cannot compute one, so that the server has to. */
export const verifierOf = (password: string): Promise<string | undefined> =>
  canHashPasswords() ? hashRolePassword(password) : Promise.resolve(undefined)

/** @throws SqlOnceError with the error of PostgreSQL or of the gateway */
export async function createByOwnSql(instance: DatabaseInstance, sql: string): Promise<void> {
  await runOnce(instance.name, instance.attached?.database ?? FIRST_DATABASE, sql)
}

/** Exists in every instance. */
const FIRST_DATABASE = 'databricks_postgres'
