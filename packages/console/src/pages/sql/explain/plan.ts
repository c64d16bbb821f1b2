/**
 * Parses the output of EXPLAIN (FORMAT JSON) into a tree in which the slowest and the worst estimated node are marked.
 */

export interface PlanNode {
  readonly id: number
  readonly depth: number
  /** `Index Scan using orders_pkey on orders o`. */
  readonly title: string
  /** Filter, index condition, sort key …: in PostgreSQL's words. */
  readonly details: readonly (readonly [string, string])[]
  readonly estimatedRows: number
  readonly cost: number
  /** Only for ANALYZE: the total of all loops. */
  readonly actualRows: number | undefined
  readonly loops: number | undefined
  /** Milliseconds in this node without its children, over all loops. */
  readonly ownTime: number | undefined
  /** The factor by which the estimate is wrong, in either direction. */
  readonly misestimate: number | undefined
}

export interface Plan {
  readonly nodes: readonly PlanNode[]
  readonly planningTime: number | undefined
  readonly executionTime: number | undefined
  readonly slowest: number | undefined
  readonly mostMisestimated: number | undefined
}

/** An estimate that is less wrong counts as good. */
const WORTH_MARKING = 2

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const numberAt = (fields: Fields, key: string): number | undefined =>
  typeof fields[key] === 'number' ? fields[key] : undefined
const textAt = (fields: Fields, key: string): string | undefined =>
  typeof fields[key] === 'string' ? fields[key] : undefined

/** @returns undefined when the text is not a plan */
export function readPlan(text: string): Plan | undefined {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // The result of another query that happens to have one column.
    return undefined
  }
  const top: unknown = Array.isArray(document) ? document[0] : undefined
  if (!isFields(top) || !isFields(top['Plan'])) return undefined
  const nodes: PlanNode[] = []
  readNode(top['Plan'], 0, nodes)
  return {
    nodes,
    planningTime: numberAt(top, 'Planning Time'),
    executionTime: numberAt(top, 'Execution Time'),
    slowest: greatest(nodes, ({ ownTime }) => ownTime, 0),
    mostMisestimated: greatest(nodes, ({ misestimate }) => misestimate, WORTH_MARKING),
  }
}

function greatest(
  nodes: readonly PlanNode[],
  measure: (node: PlanNode) => number | undefined,
  above: number,
): number | undefined {
  let best: PlanNode | undefined
  for (const node of nodes)
    if ((measure(node) ?? 0) > Math.max(above, best === undefined ? 0 : (measure(best) ?? 0))) best = node
  return best?.id
}

/** @returns the milliseconds of the node including its children */
function readNode(fields: Fields, depth: number, into: PlanNode[]): number | undefined {
  const children = Array.isArray(fields['Plans']) ? fields['Plans'].filter(isFields) : []
  const place = into.length
  const loops = numberAt(fields, 'Actual Loops')
  const perLoop = numberAt(fields, 'Actual Total Time')
  const time = perLoop === undefined || loops === undefined ? undefined : perLoop * loops
  const rowsPerLoop = numberAt(fields, 'Actual Rows')
  const estimatedRows = numberAt(fields, 'Plan Rows') ?? 0
  const node: PlanNode = {
    id: place,
    depth,
    title: titleOf(fields),
    details: detailsOf(fields),
    estimatedRows,
    cost: numberAt(fields, 'Total Cost') ?? 0,
    actualRows:
      rowsPerLoop === undefined || loops === undefined ? undefined : Math.round(rowsPerLoop * loops),
    loops,
    ownTime: time,
    misestimate: rowsPerLoop === undefined || loops === 0 ? undefined : ratio(rowsPerLoop, estimatedRows),
  }
  into.push(node)
  let ofChildren = 0
  for (const child of children) ofChildren += readNode(child, depth + 1, into) ?? 0
  // Parallel workers of a Gather add up their times; the sum may exceed the time of the node.
  if (time !== undefined) into[place] = { ...node, ownTime: Math.max(0, time - ofChildren) }
  return time
}

/** PostgreSQL estimates at least one row, so the actual number is counted as at least one too. */
function ratio(actual: number, estimated: number): number {
  const [one, other] = [Math.max(actual, 1), Math.max(estimated, 1)]
  return Math.max(one, other) / Math.min(one, other)
}

function titleOf(fields: Fields): string {
  const strategy = { Hashed: 'Hash', Sorted: 'Group', Mixed: 'Mixed' }[textAt(fields, 'Strategy') ?? '']
  const type = textAt(fields, 'Node Type') ?? '?'
  const join = textAt(fields, 'Join Type')
  const operation = textAt(fields, 'Operation')
  const parts = [
    fields['Parallel Aware'] === true ? 'Parallel' : undefined,
    type === 'ModifyTable'
      ? operation
      : strategy !== undefined && type === 'Aggregate'
        ? `${strategy}Aggregate`
        : type,
    join === undefined || join === 'Inner' ? undefined : `${join} Join`,
    withWord('using', textAt(fields, 'Index Name')),
    withWord('on', relationOf(fields)),
  ]
  return parts.filter((part) => part !== undefined).join(' ')
}

const withWord = (word: string, name: string | undefined): string | undefined =>
  name === undefined ? undefined : `${word} ${name}`

function relationOf(fields: Fields): string | undefined {
  const name =
    textAt(fields, 'Relation Name') ?? textAt(fields, 'CTE Name') ?? textAt(fields, 'Function Name')
  const alias = textAt(fields, 'Alias')
  return alias === undefined || alias === name || name === undefined ? (name ?? alias) : `${name} ${alias}`
}

/** Shown elsewhere, or not useful to a reader. */
const NO_DETAILS: ReadonlySet<string> = new Set([
  'Node Type',
  'Parent Relationship',
  'Parallel Aware',
  'Async Capable',
  'Join Type',
  'Index Name',
  'Relation Name',
  'Schema',
  'Alias',
  'CTE Name',
  'Function Name',
  'Strategy',
  'Operation',
  'Partial Mode',
  'Scan Direction',
  'Startup Cost',
  'Total Cost',
  'Plan Rows',
  'Plan Width',
  'Actual Startup Time',
  'Actual Total Time',
  'Actual Rows',
  'Actual Loops',
  'Plans',
  'Workers',
  'Disabled',
  'Inner Unique',
])

function detailsOf(fields: Fields): readonly (readonly [string, string])[] {
  return Object.entries(fields)
    .filter(([key, value]) => !NO_DETAILS.has(key) && value !== 0 && value !== false)
    .map(([key, value]) => [key, detailText(value)] as const)
}

function detailText(value: unknown): string {
  if (Array.isArray(value)) return value.map(detailText).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
