/**
 * Queries of every login and request. Their text is the same for every question, so kysely puts it together once, and
 * each connection prepares it once, under its name: both cost more than the answer (node-postgres, «Prepared statements»).
 */
import type { RawBuilder } from 'kysely'
import type { SystemDatabase } from './system-database.ts'

/**
 * @param name of this text alone
 * @param properties all those of a question
 * @param build the statement for a question; each property of it goes in as a parameter or not at all, and decides
 *   nothing about the text
 * @returns asks the question; each property is bound as a parameter where `build` put it
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
    // Stand-ins that are found again among the parameters; no statement ever runs with them.
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
