/** What the banner says about endpoints that listen on another port than their own. */
import type { StandInPort } from '../domain/stand-in-port.ts'

/** At most so many are named here; the log names all of them. */
const MOST_NAMED = 4

/** @returns one sentence for each port that another program uses */
export function describeStandIns(standIns: readonly StandInPort[]): readonly string[] {
  const ports = [...new Set(standIns.map(({ ownPort }) => ownPort))]
  return ports.map((taken) => {
    const of = standIns.filter(({ ownPort }) => ownPort === taken)
    const named = of.slice(0, MOST_NAMED).map(describe)
    const more = of.length > named.length ? [`${String(of.length - named.length)} more, see the log`] : []
    return (
      `Port ${String(taken)} is taken by another program, so for now on another port: ${[...named, ...more].join(', ')}. ` +
      `Free port ${String(taken)}, and the next start goes back to it; or choose a port with LAKEGATE_GATEWAY_PORT.`
    )
  })
}

const describe = ({ instance, endpoint, host, port }: StandInPort): string =>
  `${instance}${endpoint === 'pooled' ? ' (pooled)' : ''} at ${host} port ${String(port)}`
