/** Writes each finished run of a session into the history, and invalidates the catalog's answers after DDL. */
import { queryClient } from '../../../data/query-client.ts'
import { catalogKeyOf } from '../../../data/sql-catalog.ts'
import { remember } from '../../../data/sql-history.ts'
import type { SqlSession } from '../../../data/sql-session.ts'
import type { SqlRun, SqlState } from '../../../data/sql-state.ts'

const DDL = /^(CREATE|ALTER|DROP|GRANT|REVOKE|COMMENT|IMPORT|REASSIGN|ROLLBACK|COMMIT|SELECT INTO)/

export function recordRuns(session: SqlSession, owner: string): void {
  let before = session.getState()
  session.subscribe(() => {
    const now = session.getState()
    const wasRunning = before.isRunning
    before = now
    if (!wasRunning || now.isRunning || now.run === undefined) return
    if (now.run.results.some(({ tag }) => tag !== undefined && DDL.test(tag)))
      void queryClient.invalidateQueries({ queryKey: catalogKeyOf(session) })
    const entry = toEntry(now, now.run)
    // Without storage nothing is kept; the page continues to work.
    if (entry !== undefined)
      void remember({ ...entry, ...session.target, owner })
        .then(() => queryClient.invalidateQueries({ queryKey: ['sql-history'] }))
        .catch(() => undefined)
  })
}

/** Undefined for a run that was never executed. */
function toEntry({ connection }: SqlState, { sql, results, isLost }: SqlRun) {
  if (isLost || connection.kind === 'refused' || connection.kind === 'unreachable') return undefined
  const failed = results.find(({ status }) => status === 'failed')
  const isCancelled = failed?.error?.sqlstate === '57014'
  const outcome = failed === undefined ? 'complete' : isCancelled ? 'cancelled' : 'failed'
  const milliseconds = results.reduce((sum, result) => sum + (result.milliseconds ?? 0), 0)
  const tags = results.map(({ tag }) => tag).filter((tag) => tag !== undefined)
  return { sql, outcome, milliseconds, summary: failed?.error?.message ?? tags.join(', ') } as const
}
