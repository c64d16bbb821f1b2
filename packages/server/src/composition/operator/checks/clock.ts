/** The clock of this machine, against those that write times into tokens and answers. */
import type { Finding } from '../../../cli/operator/doctor.ts'
import { publicUrlOf } from '../../../config/gateway-settings.ts'
import { certainSkewSeconds, judgeClock } from '../../../policy/clock-skew.ts'
import { askDatabaseTime } from '../../../store/database-time.ts'
import { ok, warning, type CheckContext } from './finding.ts'

const CHECK = 'clock'
const PROBE_LIMIT_MS = 3_000
/** The header Date has whole seconds. */
const HTTP_GRAIN_SECONDS = 1

export async function checkClock(context: CheckContext): Promise<readonly Finding[]> {
  const { systemDatabase, settings } = context
  const findings: Finding[] = []
  if (systemDatabase.state === 'open') {
    const { database } = systemDatabase
    findings.push(judge('that of the system database', await measure(() => askDatabaseTime(database)), 0))
  }
  const url = publicUrlOf(settings)
  if (url !== undefined) {
    const skew = await measure(() => askHttpTime(url)).catch(() => undefined)
    if (skew !== undefined) findings.push(judge(`that of ${url}`, skew, HTTP_GRAIN_SECONDS))
  }
  return findings.length === 0
    ? [ok(CHECK, `${context.now.toISOString()}; nothing runs to compare it with.`)]
    : findings
}

async function measure(ask: () => Promise<Date>): Promise<number> {
  const askedAt = new Date()
  const began = performance.now()
  const databaseTime = await ask()
  return certainSkewSeconds({ askedAt, roundTripMs: performance.now() - began, databaseTime })
}

async function askHttpTime(url: string): Promise<Date> {
  const answer = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(PROBE_LIMIT_MS) })
  await answer.arrayBuffer()
  const time = Date.parse(answer.headers.get('date') ?? '')
  if (Number.isNaN(time)) throw new Error('it says no time')
  return new Date(time)
}

function judge(whose: string, skewSeconds: number, grain: number): Finding {
  const certain = Math.max(0, Math.abs(skewSeconds) - grain) * Math.sign(skewSeconds)
  const judgement = judgeClock(certain)
  return judgement === 'right'
    ? ok(CHECK, `It agrees with ${whose}.`)
    : warning(
        CHECK,
        `It is ${Math.abs(certain).toFixed(1)} seconds ${judgement === 'ahead' ? 'ahead of' : 'behind'} ${whose}: tokens may be refused, or be good too long.`,
        'Let NTP set the clocks of all nodes and of the system database (timedatectl, chronyc tracking).',
      )
}
