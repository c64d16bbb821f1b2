/** A plan as psql prints it for EXPLAIN. */
import type { Plan, PlanNode } from './plan.ts'

export function planText({ nodes, planningTime, executionTime }: Plan): string {
  const lines = nodes.flatMap(nodeLines)
  if (planningTime !== undefined) lines.push(`Planning Time: ${planningTime.toFixed(3)} ms`)
  if (executionTime !== undefined) lines.push(`Execution Time: ${executionTime.toFixed(3)} ms`)
  return lines.join('\n')
}

function nodeLines({ depth, title, details, ...node }: PlanNode): readonly string[] {
  const indent = ' '.repeat(depth === 0 ? 0 : depth * 6 - 4)
  const head = `${indent}${depth === 0 ? '' : '->  '}${title}  ${measures(node)}`
  const below = ' '.repeat(depth * 6 + 2)
  return [head, ...details.map(([key, value]) => `${below}${key}: ${value}`)]
}

function measures({ cost, estimatedRows, actualRows, loops }: Omit<PlanNode, 'depth' | 'title' | 'details'>) {
  const plan = `(cost=${cost.toFixed(2)} rows=${String(estimatedRows)})`
  if (actualRows === undefined) return plan
  return loops === 0
    ? `${plan} (never executed)`
    : `${plan} (actual rows=${String(actualRows)} loops=${String(loops ?? 1)})`
}
