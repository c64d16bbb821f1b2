/**
 * Queries that every login and request makes. Their text never changes, so kysely builds it once, and each connection
 * prepares it once under its name: both cost more than executing it (node-postgres, «Prepared statements»).
 */
import type { RawBuilder } from 'kysely'
import type { SystemDatabase } from './system-database.ts'

/**
 * @param name must be unique to this text
 * @param properties all properties of a question
 * @param build the statement for a question; it may use each property only as a parameter, and the text must not depend
 * on their values
 * @returns a function that executes the query; each property is bound to the parameter where `build` put it
 */
export function namedQuery<Question extends object, Row extends object>(
  database: SystemDatabase,
  name: string,
  properties: readonly (keyof Question & string)[],
  build: (question: Question) => RawBuilder<Row>,
): (question: Question) => Promise<readonly Row[]> {
  let compiled:
    { readonly text: string; readonly bind: (question: Question) => readonly unknown[] } | undefined

  const compile = () => {
    // Placeholders by which the parameters are recognised; no statement is ever executed with them.
    const standIns = new Map<unknown, keyof Question>(properties.map((property) => [{ property }, property]))
    const question = Object.fromEntries([...standIns].map(([standIn, property]) => [property, standIn]))
    const { sql: text, parameters } = build(question as Question).compile(database)
    const order = parameters.map((parameter) => standIns.get(parameter) ?? { constant: parameter })
    return {
      text,
      bind: (asked: Question) =>
        order.map((place) => (typeof place === 'object' ? place.constant : (asked[place] ?? null))),
    }
  }

  return (question) => {
    compiled ??= compile()
    return database.queryByName<Row>({ name, text: compiled.text, values: compiled.bind(question) })
  }
}
