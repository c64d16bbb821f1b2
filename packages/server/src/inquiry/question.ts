/** The one statement that is answered; sql/databricks_auth sends it. */
import { z } from 'zod'
import type { IdentityQuestion } from '../operations/roles/answer-identity-question.ts'

const STATEMENT = /^SELECT databricks_auth\.resolve_identity\('([A-Za-z0-9_-]+)'\)$/

const question = z.strictObject({
  ticket: z.string().max(4096),
  roleOid: z.string().max(20),
  name: z.string().max(1024),
  type: z.string().max(256),
})

/** Undefined when the text is not that statement. */
export function parseQuestion(statement: string): IdentityQuestion | undefined {
  const encoded = STATEMENT.exec(statement)?.[1]
  if (encoded === undefined) return undefined
  try {
    const parsed = question.safeParse(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')))
    return parsed.success ? parsed.data : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
