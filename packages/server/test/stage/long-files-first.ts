/**
 * The order in which files are run (vitest.config.ts). What takes longest begins first, and short ones come last: one that began
 * last and took a minute would be waited for while nothing else is left to do. On a fresh checkout vitest knows no durations.
 * The files of a project follow each other, because a process is kept for the next file of the same project only.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Each takes more than twenty seconds on two cores. */
const LONG = [
  'console/sql-outages',
  'console/who-may',
  'console/sql-editor',
  'console/every-route',
  'console/sql-sessions',
  'console/instance-tabs',
  'crashes/start-and-stop',
  'attacks/48-who-may-log-in-as-whom',
  'clients/operating',
  'attacks/41-certificates',
  'behaviours/closed-in-order',
  'behaviours/73-session-limits',
  'behaviours/attached-clusters',
  'attacks/50-names-where-ids-decide',
  'clients/lakegate-sessions',
  'behaviours/pooled-model',
  'behaviours/pooled-backends',
]

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSystem = ({ project }: TestSpecification) => project.name === 'system'
    const system = sorted.filter(isSystem).sort((one, other) => placeOf(one) - placeOf(other))
    return [...system, ...sorted.filter((file) => !isSystem(file))]
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
  return place === -1 ? LONG.length : place
}
