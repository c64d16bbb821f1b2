/** The ports that a start would listen on: free, or whose. Those of a Lakegate that runs: whether it answers there. */
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Finding } from '../../../cli/operator/doctor.ts'
import { gatewayAddressesOf, gatewayDomainOf } from '../../../config/gateway-settings.ts'
import { createInstanceStore } from '../../../store/instances.ts'
import { ok, warning, wrong, type CheckContext } from './finding.ts'

const CHECK = 'ports'

interface Wanted {
  /** `REST and OAuth`, or an instance. */
  readonly of: string
  readonly host: string
  readonly port: number
  readonly variable: string
  /** Whether a start takes another port when this one is taken. */
  readonly hasStandIn: boolean
}

export async function checkPorts(context: CheckContext): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const wanted of await listWanted(context)) findings.push(await checkPort(context, wanted))
  return findings
}

async function listWanted({ settings, systemDatabase }: CheckContext): Promise<readonly Wanted[]> {
  const http = settings['http-port']
  const wanted: Wanted[] = []
  if (http.value !== 0)
    wanted.push({
      of: 'REST and OAuth',
      host: settings['http-host'].value,
      port: http.value,
      variable: 'LAKEGATE_HTTP_PORT',
      hasStandIn: http.source === 'default',
    })
  const port = settings['gateway-port'].value
  const variable = 'LAKEGATE_GATEWAY_PORT'
  if (gatewayDomainOf(settings) !== undefined) {
    if (port !== 0)
      for (const host of gatewayAddressesOf(settings) ?? ['127.0.0.1'])
        wanted.push({ of: 'the gateway', host, port: port ?? 5432, variable, hasStandIn: port === undefined })
    return wanted
  }
  if (systemDatabase.state !== 'open') return wanted
  for (const { name, listener } of await createInstanceStore(systemDatabase.database).listAll()) {
    const own = listener.ownPort ?? listener.port
    if (own !== undefined && port !== 0)
      wanted.push({ of: `the instance ${name}`, host: listener.host, port: own, variable, hasStandIn: true })
  }
  return wanted
}

async function checkPort({ running }: CheckContext, wanted: Wanted): Promise<Finding> {
  const { of, host, port, variable, hasStandIn } = wanted
  const where = `${host} port ${String(port)} (${of})`
  const problem = await tryToListen(host, port)
  if (problem === undefined)
    return running.length > 0 && of !== 'REST and OAuth'
      ? warning(
          CHECK,
          `${where} is free, although Lakegate runs.`,
          'If that instance should take logins, see its state: lakegate status.',
        )
      : ok(CHECK, `${where} is free.`)
  if (problem === 'EACCES')
    return wrong(
      CHECK,
      `${where} may not be listened on by this account.`,
      `Choose a port above 1023 with ${variable}, or give Node.js CAP_NET_BIND_SERVICE.`,
    )
  if (problem === 'EADDRNOTAVAIL')
    return wrong(CHECK, `${where}: ${host} is no address of this machine.`, `Name one of its addresses.`)
  if (problem !== 'EADDRINUSE')
    return wrong(CHECK, `${where} cannot be listened on: ${problem}.`, 'See there.')
  const owner = await ownerOf(port)
  const pids = running.map(({ record }) => record.pid)
  if (owner !== undefined && (pids.includes(owner.pid) || pids.includes(owner.parent)))
    return ok(CHECK, `${where} is this Lakegate’s (process ${String(owner.pid)}).`)
  // Without root, the processes of other accounts cannot be looked into.
  if (owner === undefined && running.length > 0) return ok(CHECK, `${where} is in use, and Lakegate runs.`)
  const whose = owner === undefined ? 'another process' : `process ${String(owner.pid)} (${owner.command})`
  return (hasStandIn ? warning : wrong)(
    CHECK,
    `${where} is taken by ${whose}.`,
    hasStandIn
      ? `The next start takes another port. Free this one, or choose one with ${variable}.`
      : `Stop that, or choose another port with ${variable}.`,
  )
}

/** @returns the error code; undefined when the port is free */
async function tryToListen(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    server.close()
  }
}

interface PortOwner {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Who listens on a port, as far as this account may see it; Linux only. */
async function ownerOf(port: number): Promise<PortOwner | undefined> {
  const sockets = await listeningSockets(port)
  if (sockets.length === 0) return undefined
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => '')
      if (sockets.some((inode) => target === `socket:[${inode}]`)) return describe(Number(pid))
    }
  }
  return undefined
}

/** Their inodes (proc(5), /proc/net/tcp): the state 0A is LISTEN, addresses are hexadecimal. */
async function listeningSockets(port: number): Promise<readonly string[]> {
  const hexadecimal = port.toString(16).toUpperCase().padStart(4, '0')
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8').catch(() => '')),
  )
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(`:${hexadecimal}`) === true && columns[3] === '0A')
    .map((columns) => columns[9] ?? '')
}

async function describe(pid: number): Promise<PortOwner> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '')
  const command = await readFile(`/proc/${String(pid)}/comm`, 'utf8').catch(() => '')
  return {
    pid,
    parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
    command: command.trim(),
  }
}
