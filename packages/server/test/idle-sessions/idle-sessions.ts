/**
 * Very many sessions of the pooled endpoint that do nothing: what they cost the worker that has them, and that each of them is
 * served all the same. Run by scripts/idle-sessions.mjs.
 */
import { queryMessage } from '../stage/byte-builder.ts'
import { GATEWAY_RUNTIMES } from '../stage/gateway-runtimes.ts'
import { startOwnLakegate } from '../stage/own-lakegate.ts'
import { lettersOf, pooledWire, type LoggedInWire } from '../stage/pooled-sessions.ts'
import { residentBytes } from '../stage/process-memory.ts'
import { mintCredential } from '../stage/service-principal.ts'
import { workersOf } from '../stage/workers.ts'

export interface IdleSessionsFound {
  readonly gatewayRuntime: string
  readonly kilobytesPerSession: number
  readonly served: number
}

const AT_A_TIME = 20
/** So that code and caches are not counted as sessions. */
const WARM_UP = 200

/** On each runtime that is installed, one after the other. */
export async function holdIdleSessions(sessions: number): Promise<readonly IdleSessionsFound[]> {
  const found: IdleSessionsFound[] = []
  for (const { gatewayRuntime, isInstalled } of GATEWAY_RUNTIMES) {
    if (isInstalled) found.push({ gatewayRuntime, ...(await holdOn(gatewayRuntime, sessions)) })
  }
  return found
}

async function holdOn(
  gatewayRuntime: string,
  sessions: number,
): Promise<Omit<IdleSessionsFound, 'gatewayRuntime'>> {
  const lakegate = await startOwnLakegate({
    LAKEGATE_GATEWAY_RUNTIME: gatewayRuntime,
    LAKEGATE_CONNECTIONS_PER_ROLE: '10000',
  })
  try {
    const password = await mintCredential(lakegate.admin, lakegate.ready.instance.name)
    const [worker] = await workersOf(lakegate.process.pid)
    if (worker === undefined) throw new Error('the gateway has no worker')
    const open = () => pooledWire(lakegate, { user: lakegate.ready.admin_user, password })
    const warmUp = await inTurn(
      Array.from({ length: WARM_UP }, () => undefined),
      open,
    )
    for (const client of warmUp) client.close()
    const before = await residentBytes(worker)
    const clients = await inTurn(
      Array.from({ length: sessions }, () => undefined),
      open,
    )
    const kilobytesPerSession = ((await residentBytes(worker)) - before) / 1000 / sessions
    const answers = await inTurn(clients, answerOf)
    for (const client of clients) client.close()
    return { kilobytesPerSession, served: answers.filter((letters) => letters === 'TDCZ').length }
  } finally {
    await lakegate.remove()
  }
}

async function answerOf(client: LoggedInWire): Promise<string> {
  client.send(queryMessage('SELECT 1'))
  return lettersOf(await client.untilReady())
}

async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const waiting = items.values()
  const one = async () => {
    for (const item of waiting) results.push(await work(item))
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, one))
  return results
}
