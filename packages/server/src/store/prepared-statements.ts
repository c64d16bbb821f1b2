/**
 * Statements that are planned once per connection: those of logins and requests, whose planning costs more than their
 * execution. A statement says so itself, by the comment it begins with; node-postgres needs a name for it, kysely gives
 * none.
 */
import { sql, type RawBuilder } from 'kysely'
import pg from 'pg'

const MARK = /^\s*\/\* prepared: ([a-z_]+) \*\//

/** The beginning of a statement that is to be prepared; the name must belong to this text alone. */
export const prepared = (name: string): RawBuilder<unknown> => sql.raw(`/* prepared: ${name} */`)

/** A client that prepares what asks for it. */
export class PreparingClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config)
    const query = this.query.bind(this) as (...words: readonly unknown[]) => unknown
    this.query = ((text: unknown, values: unknown, ...rest: readonly unknown[]) => {
      const name = typeof text === 'string' ? MARK.exec(text)?.[1] : undefined
      if (name === undefined || !Array.isArray(values)) return query(text, values, ...rest)
      return query({ name, text, values: values as unknown[] }, ...rest)
    }) as typeof this.query
  }
}
