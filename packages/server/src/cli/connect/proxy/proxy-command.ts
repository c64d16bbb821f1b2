/** `lakegate proxy`: what it was told, what it says while it runs, and how it stops. */
import { readFile, rm } from 'node:fs/promises'
import { styleText } from 'node:util'
import { commandFailed, wrongUsage } from '../../exit-codes.ts'
import { listenToSignals } from '../../signals.ts'
import type { ConnectFlags, FindLocalLogin } from '../connect-flags.ts'
import { connectionOptions } from '../psql.ts'
import { withoutControls } from '../shell/display-width.ts'
import { signIn } from '../sign-in.ts'
import { canTellPeers } from './peer.ts'
import { Proxy, type Connected, type ProxyReport } from './proxy.ts'
import { prepareSocket } from './socket-directory.ts'
import type { Destination, ProxiedRole } from './startup-parameters.ts'

export interface ProxyFlags extends ConnectFlags {
  readonly port?: string
  readonly socket?: string
  readonly passwordFile?: string
  readonly allowOtherUsers?: boolean
  readonly drain?: string
}

const DEFAULT_PORT = 6432
const POSTGRES_PORT = 5432
const DEFAULT_DRAIN_SECONDS = 10

/** Resolves when it was stopped. @throws CommandFailure */
export async function runProxy(
  instance: string,
  flags: ProxyFlags,
  findLocalLogin: FindLocalLogin,
): Promise<void> {
  const places = placesOf(flags)
  const drainSeconds = wholeNumber('--drain', flags.drain, 86_400) ?? DEFAULT_DRAIN_SECONDS
  const password = await readPassword(flags.passwordFile)
  refuseUnprotected(places.port, password, flags)
  const signedIn = await signIn(flags, findLocalLogin)
  try {
    const target = await signedIn.connection(instance, connectionOptions(flags))
    // A proxy that cannot get a token says so now, not to the first client.
    await target.credentials.token()
    const role = { user: target.user, isFixed: flags.as !== undefined, database: target.database }
    const proxy = new Proxy({
      target,
      role,
      password,
      onlyUid: onlyUidOf(flags),
      report: createReport(process.stdout),
    })
    const signals = listenToSignals()
    const opened = await listen(proxy, places)
    process.stdout.write(describe(instance, role, opened, password !== undefined, flags))
    await signals.stopRequested
    await drain(proxy, drainSeconds, signals)
    if (opened.socket !== undefined) await rm(opened.socket, { force: true })
  } finally {
    signedIn.close()
  }
}

interface Places {
  readonly port: number | undefined
  readonly socket: { readonly directory: string; readonly port: number } | undefined
}

function placesOf(flags: ProxyFlags): Places {
  const port = wholeNumber('--port', flags.port, 65_535)
  const { socket: directory } = flags
  if (directory === undefined) return { port: port ?? DEFAULT_PORT, socket: undefined }
  return { port, socket: { directory, port: port === undefined || port === 0 ? POSTGRES_PORT : port } }
}

function wholeNumber(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,6}$/.test(text) && Number(text) <= most) return Number(text)
  throw wrongUsage(`“${text}” is no value for ${flag}.`, `Write a whole number up to ${String(most)}.`)
}

/** The last line end does not belong to it. */
async function readPassword(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  const password = (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  if (password === '' || password.includes('\0'))
    throw commandFailed(`The file ${file} holds no password.`, 'Write one line into it.')
  return password
}

const onlyUidOf = (flags: ProxyFlags): number | undefined =>
  flags.allowOtherUsers === true || !canTellPeers() ? undefined : process.getuid?.()

/** Everybody on a machine can connect to a port of it, and only Linux tells who did. */
function refuseUnprotected(port: number | undefined, password: string | undefined, flags: ProxyFlags): void {
  if (port === undefined || password !== undefined || flags.allowOtherUsers === true || canTellPeers()) return
  throw wrongUsage(
    'On this system lakegate proxy cannot tell which account connects to a port, so every account of this machine could use it as you.',
    'Use --socket <directory>, or make clients send the password in --password-file <file>; --allow-other-users if nobody else is here.',
  )
}

interface Opened {
  readonly port: number | undefined
  readonly socket: string | undefined
  readonly directory: string | undefined
}

async function listen(proxy: Proxy, { port, socket }: Places): Promise<Opened> {
  try {
    const file = socket === undefined ? undefined : await prepareSocket(socket.directory, socket.port)
    if (file !== undefined) await proxy.listenOnSocket(file)
    return {
      socket: file,
      directory: socket?.directory,
      port: port === undefined ? undefined : await proxy.listenOnPort(port),
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw commandFailed(
        `Another program uses port ${String(port)}.`,
        'Stop it, or choose another with --port; 0 takes a free one.',
      )
    if (code === 'EACCES')
      throw commandFailed(`You may not listen on port ${String(port)}.`, 'Choose one above 1023 with --port.')
    throw error
  }
}

function describe(
  instance: string,
  { user, isFixed, database }: ProxiedRole,
  { port, directory, socket }: Opened,
  hasPassword: boolean,
  flags: ProxyFlags,
): string {
  const places = [
    ...(port === undefined ? [] : [`  Host       127.0.0.1\n  Port       ${String(port)}\n`]),
    ...(socket === undefined ? [] : [`  Socket     ${socket}\n`]),
  ]
  const secret = hasPassword ? 'the one in --password-file' : 'none (any is taken)'
  const who =
    flags.allowOtherUsers === true
      ? 'every account of this machine may connect'
      : port === undefined || onlyUidOf(flags) !== undefined
        ? 'only your own account may connect'
        : 'everybody who knows the password may connect'
  const host = port === undefined ? (directory ?? '') : '127.0.0.1'
  const portOfUrl = port ?? POSTGRES_PORT
  return (
    `\nReady: what connects here is logged in to ${instance} as ${user}.\n\n` +
    places.join('') +
    `  User       ${user}${isFixed ? '' : ' (or another role of yours)'}\n` +
    `  Password   ${secret}\n` +
    `  Database   ${database}\n` +
    `  TLS        off; from here to the gateway it is on, and verified\n\n` +
    `  psql "host=${host} port=${String(portOfUrl)} user=${user} dbname=${database}"\n\n` +
    `It is for this machine only; ${who}. Ctrl-C stops it.\n\n`
  )
}

async function drain(
  proxy: Proxy,
  seconds: number,
  signals: ReturnType<typeof listenToSignals>,
): Promise<void> {
  const limit = new AbortController()
  signals.onSecondRequest(() => {
    limit.abort()
  })
  const timer = setTimeout(() => limit.abort(), seconds * 1000)
  process.stdout.write('\n')
  const draining = proxy.drain(limit.signal)
  const busy = proxy.sessions
  if (busy > 0)
    process.stdout.write(
      `Ending ${String(busy)} ${busy === 1 ? 'session' : 'sessions'}; busy ones have ${String(seconds)} s. Ctrl-C again ends them at once.\n`,
    )
  await draining
  clearTimeout(timer)
}

/** One line for each client that comes, goes, or is refused. */
function createReport(output: NodeJS.WriteStream): ProxyReport {
  const since = new Map<number, number>()
  const write = (style: 'green' | 'red' | 'gray', word: string, { number }: Connected, said: string) => {
    const coloured = output.isTTY && output.hasColors() ? styleText(style, word) : word
    const time = new Date().toTimeString().slice(0, 8)
    output.write(`${time} ${coloured} ${String(number)} ${withoutControls(said).replaceAll('\n', ' ')}\n`)
  }
  return {
    opened(connected, destination) {
      since.set(connected.number, Date.now())
      write('green', 'opened ', connected, `${whoIs(connected)} → ${whereTo(destination)}`)
    },
    ended(connected) {
      const seconds = Math.round((Date.now() - (since.get(connected.number) ?? Date.now())) / 1000)
      since.delete(connected.number)
      write('gray', 'ended  ', connected, `after ${String(seconds)} s`)
    },
    refused(connected, why) {
      write('red', 'refused', connected, `${whoIs(connected)}: ${why}`)
    },
  }
}

function whoIs({ peer, process: found }: Connected): string {
  if (found !== undefined) return `${found.name} (process ${String(found.pid)})`
  return peer === undefined ? 'a client' : `a client (uid ${String(peer.uid)})`
}

const whereTo = ({ user, database, application }: Destination): string =>
  `${user}, database ${database}${application === undefined ? '' : `, «${application}»`}`
