/** Suggestions of the editor: keywords, and what the person's own session may see of the catalog. */
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { keywordCompletionSource, PostgreSQL } from '@codemirror/lang-sql'
import { statementAt } from '@lakegate/sql-text'
import type { SqlCatalogQuestion } from '@lakegate/client'
import { quoteName } from '../quote-name.ts'
import { tablesOf, unquote, type NamedTable } from './completion-scope.ts'

/** Queries the catalog; empty when no session is open. */
export type AskCatalog = (question: SqlCatalogQuestion) => Promise<readonly (readonly (string | null)[])[]>

const PATH =
  /(?:"(?:[^"]|"")*"?|[\p{L}_$][\p{L}\p{N}_$]*)(?:\s*\.\s*(?:"(?:[^"]|"")*"?|[\p{L}_$][\p{L}\p{N}_$]*)?)*$/u
const PARTS = /"(?:[^"]|"")*"?|[\p{L}_$][\p{L}\p{N}_$]*/gu
/** After these words a role is expected. */
const BEFORE_ROLE =
  /\b(?:owner\s+to|role|user|grant\s+[\s\S]*\bto|revoke\s+[\s\S]*\bfrom|authorization|by)\s+"?[\w@.-]*$/i
const SEARCHED = ['public', 'pg_catalog']
const VALID_FOR = /^"?[\p{L}\p{N}_$]*$/u

const keywords = keywordCompletionSource(PostgreSQL, true)

const option = (name: string, type: string, detail?: string): Completion => ({
  label: name,
  apply: quoteName(name),
  type,
  ...(detail === undefined ? {} : { detail }),
})

type Rows = Awaited<ReturnType<AskCatalog>>

const options = (rows: Rows, type: string, boost = 0): Completion[] =>
  rows.map(([name, detail]) => ({
    ...option(name ?? '', type, type === 'property' ? (detail ?? undefined) : undefined),
    boost,
  }))

export function createCompletionSource(ask: AskCatalog) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const node = context.matchBefore(PATH)
    if (node === null && !context.explicit) return null
    const text = node?.text ?? ''
    const qualified = text.lastIndexOf('.')
    const from = context.pos - (qualified < 0 ? text.length : text.slice(qualified + 1).trimStart().length)
    const statement = statementAt(context.state.doc.toString(), context.pos)
    const tables = statement === undefined ? [] : tablesOf(statement.text)
    const found =
      qualified < 0
        ? await unqualified(ask, tables, context)
        : await members(ask, tables, (text.slice(0, qualified).match(PARTS) ?? []).map(unquote))
    const words = qualified < 0 ? await keywords(context) : null
    const all = [...found, ...(words?.options ?? [])]
    return all.length === 0 ? null : { from, options: all, validFor: VALID_FOR }
  }
}

async function unqualified(
  ask: AskCatalog,
  tables: readonly NamedTable[],
  context: CompletionContext,
): Promise<readonly Completion[]> {
  const before = context.state.sliceDoc(Math.max(0, context.pos - 200), context.pos)
  if (BEFORE_ROLE.test(before)) return options(await ask({ about: 'roles' }), 'constant', 2)
  const [schemas, relations, functions, columns] = await Promise.all([
    ask({ about: 'schemas' }),
    ask({ about: 'relations', schema: 'public' }),
    Promise.all(SEARCHED.map((schema) => ask({ about: 'functions', schema }))),
    Promise.all(tables.map((table) => columnsOf(ask, table))),
  ])
  return [
    ...columns.flat(),
    ...tables.filter(({ alias, table }) => alias !== table).map(({ alias }) => option(alias, 'variable')),
    ...options(relations, 'class', 1),
    ...options(schemas, 'namespace'),
    ...unique(options(functions.flat(), 'function', -1)),
  ]
}

/** After a dot: columns of a table or alias, or the objects of a schema. */
async function members(
  ask: AskCatalog,
  tables: readonly NamedTable[],
  path: readonly string[],
): Promise<readonly Completion[]> {
  const [first = '', second] = path
  if (second !== undefined) return columnsOf(ask, { schema: first, table: second, alias: second })
  const table = tables.find(({ alias }) => alias === first)
  if (table !== undefined) return columnsOf(ask, table)
  const [relations, functions] = await Promise.all([
    ask({ about: 'relations', schema: first }),
    ask({ about: 'functions', schema: first }),
  ])
  return [...options(relations, 'class'), ...unique(options(functions, 'function', -1))]
}

async function columnsOf(ask: AskCatalog, { schema, table }: NamedTable): Promise<readonly Completion[]> {
  const schemas = schema === undefined ? SEARCHED : [schema]
  for (const name of schemas) {
    const columns = await ask({ about: 'columns', schema: name, relation: table })
    if (columns.length > 0) return options(columns, 'property', 3)
  }
  return []
}

/** Functions with the same name are suggested once. */
const unique = (all: readonly Completion[]): readonly Completion[] => [
  ...new Map(all.map((one) => [one.label, one])).values(),
]
