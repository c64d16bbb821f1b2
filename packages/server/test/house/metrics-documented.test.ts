/** docs/metrics.md and observation/metric-table.ts say the same: nothing undocumented, no ghosts. */
import { it } from 'vitest'
import { METRIC_NAMES, METRICS } from '../../src/observation/metric-table.ts'
import { expectRendered, renderTable } from './documented.ts'

it('docs/metrics.md shows every metric, and only those that exist', () => {
  const rows = METRIC_NAMES.map((name) => {
    const { type, labels, sentence } = METRICS[name]
    return [`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), sentence]
  })
  expectRendered('docs/metrics.md', 'metrics', renderTable(['Name', 'Type', 'Labels', 'Meaning'], rows))
})
