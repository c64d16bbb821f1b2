/** What `\d name` shows, from the rows of the query that the console shows as one table (psql-commands.ts of sql-text). */
import { withoutControls } from './display-width.ts'

type Row = readonly (string | null)[]

export interface DescribedRelation {
  readonly name: string
  /** Name, type, nullable, default. */
  readonly columns: readonly Row[]
  /** Indexes, constraints and so on, as lines. */
  readonly notes: string
}

/** In the order in which they are shown; the words of the query, and the titles of psql. */
const SECTIONS: readonly (readonly [part: string, title: string])[] = [
  ['index', 'Indexes'],
  ['constraint', 'Constraints'],
  ['referenced by', 'Referenced by'],
  ['policy', 'Policies'],
  ['trigger', 'Triggers'],
]

/** @param rows relation, part, name, definition, nullable, default; those of a relation stand together */
export function describeRelations(rows: readonly Row[]): readonly DescribedRelation[] {
  const names = [...new Set(rows.map(([relation]) => relation ?? ''))]
  return names.map((name) => {
    const own = rows.filter(([relation]) => (relation ?? '') === name)
    const partsOf = (part: string) => own.filter(([, found]) => found === part)
    return {
      name: withoutControls(name),
      columns: partsOf('column').map(([, , column, type, nullable, standard]) => [
        column ?? null,
        type ?? null,
        nullable ?? null,
        standard ?? null,
      ]),
      notes: SECTIONS.map(([part, title]) => {
        const lines = partsOf(part).map(([, , called, definition]) =>
          withoutControls(`    "${called ?? ''}" ${shorten(definition ?? '')}`),
        )
        return lines.length === 0 ? '' : `${title}:\n${lines.join('\n')}\n`
      }).join(''),
    }
  })
}

/** What is said already: the name of the index and of its table. */
const shorten = (definition: string): string =>
  definition.replace(/^CREATE (UNIQUE )?INDEX .* USING /, (_all, unique: string | undefined) =>
    unique === undefined ? '' : 'UNIQUE, ',
  )
