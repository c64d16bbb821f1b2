/**
 * Statements whose text is the same for every question, compiled at the first one: kysely would walk their parts anew
 * for each login, which costs as much as waiting for the answer.
 */
import { CompiledQuery, type Kysely, type RawBuilder } from 'kysely'
import type { SystemSchema } from './schema.ts'

/**
 * @param build the statement for a question; each property of it goes in as a parameter or not at all, and decides
 *   nothing about the text
 * @param properties all those of a question
 * @returns asks the question; each is bound as a parameter where `build` put it
 */
export function compiledOnce<Question extends object, Row>(
  database: Kysely<SystemSchema>,
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

  return async (question) => {
    compiled ??= compile()
    const { rows } = await database.executeQuery<Row>(
      CompiledQuery.raw(compiled.text, [...compiled.bind(question)]),
    )
    return rows
  }
}
