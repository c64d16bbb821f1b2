/**
 * Who is at the other end of a connection on this machine. Linux tells: /proc/net/tcp has the account that owns a socket, and
 * /proc/<pid>/fd which process holds it (proc_net_tcp(5)).
 */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { isIPv4, type Socket } from 'node:net'

export interface Peer {
  readonly uid: number
  readonly inode: string
}

/** Established, or half closed by either side. In TIME_WAIT and the like nobody owns the socket any more, and uid is 0. */
const LIVE_STATES = ['01', '04', '05', '08']

export const canTellPeers = (): boolean => process.platform === 'linux'

/** @returns undefined when the kernel does not know the connection */
export async function peerOf(socket: Socket): Promise<Peer | undefined> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (
    remoteAddress === undefined ||
    remotePort === undefined ||
    localAddress === undefined ||
    localPort === undefined
  )
    return undefined
  // The socket of the client: what is remote to us is local to it.
  const local = [remoteAddress, remotePort] as const
  const remote = [localAddress, localPort] as const
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const table = await readFile(file, 'latin1').catch(() => '')
    const found = findPeer(table, addressesOf(...local), addressesOf(...remote))
    if (found !== undefined) return found
  }
  return undefined
}

/** @returns the entry of such a table with these addresses */
export function findPeer(
  table: string,
  local: readonly string[],
  remote: readonly string[],
): Peer | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [, ours = '', theirs = '', state = '', , , , uid = '', , inode = '0'] = line.trim().split(/\s+/)
    if (!local.includes(ours) || !remote.includes(theirs)) continue
    if (!LIVE_STATES.includes(state) || inode === '0' || !/^\d+$/.test(uid)) continue
    return { uid: Number(uid), inode }
  }
  return undefined
}

/** As the tables write an address: words of the machine's byte order; IPv4 also as IPv6 has it. */
export function addressesOf(address: string, port: number): readonly string[] {
  const ipv4 = address.replace(/^::ffff:/i, '')
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  if (!isIPv4(ipv4)) return []
  const bytes = ipv4.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'))
  const word = (isLittleEndian ? bytes.toReversed() : bytes).join('')
  const mapped = `0000000000000000${isLittleEndian ? 'FFFF0000' : '0000FFFF'}${word}`
  return [`${word}${suffix}`, `${mapped}${suffix}`]
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

export interface PeerProcess {
  readonly pid: number
  readonly name: string
}

/** The process that holds a socket; undefined where that cannot be seen: of another account, or gone. */
export async function processOf({ inode }: Peer): Promise<PeerProcess | undefined> {
  const wanted = `socket:[${inode}]`
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  // The client is mostly one that was started lately.
  for (const pid of pids.toReversed()) {
    const directory = `/proc/${pid}/fd`
    for (const descriptor of await readdir(directory).catch(() => [])) {
      if ((await readlink(`${directory}/${descriptor}`).catch(() => '')) !== wanted) continue
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
      return { pid: Number(pid), name: name.trim() }
    }
  }
  return undefined
}
