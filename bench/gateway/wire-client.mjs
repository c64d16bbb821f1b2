// A PostgreSQL client of a hundred lines that is not libpq: TLS by SSLRequest or at once, cleartext password or
// SCRAM-SHA-256. libpq sets up so much per connection that its own cost hides that of the server.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { connect as connectPlainly } from 'node:net'
import { connect as connectOverTls } from 'node:tls'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4])
const CANCEL_CODE = 80877102

/** A client may keep what it derived from its password (`keepsKeys`), so that the load costs the server and not us. */
const saltedPasswords = new Map()

/**
 * @param target { host, port, user, password, database, negotiation?: 'direct', keepsKeys?: true, abandon?: true }, the
 *   last to go away without a word when the password is asked for
 * @returns a session: query(sql) → rows, end(), reset(), cancel(), socket
 */
export async function logIn(target) {
  const plain = connectPlainly({ host: target.host, port: target.port, noDelay: true })
  const socket = await encrypt(plain, target)
  return new Promise((resolve, reject) => {
    const session = createSession(socket, plain, target)
    session.onReady = () => resolve(session)
    session.onGone = (error) => reject(error ?? new Error('the server closed the connection'))
    socket.write(startupMessage(target))
  })
}

/** Sends a cancel request for the session, as libpq does: on a connection of its own, in clear or over TLS. */
export async function cancel(target, { processId, secret }) {
  const request = Buffer.alloc(12 + secret.length)
  request.writeInt32BE(request.length, 0)
  request.writeInt32BE(CANCEL_CODE, 4)
  request.writeInt32BE(processId, 8)
  secret.copy(request, 12)
  const plain = connectPlainly({ host: target.host, port: target.port, noDelay: true })
  const socket = await encrypt(plain, target)
  await new Promise((resolve) => {
    socket.once('close', resolve).once('error', resolve)
    socket.resume()
    socket.end(request)
  })
}

function encrypt(plain, { negotiation }) {
  return new Promise((resolve, reject) => {
    const upgrade = () => {
      plain.off('error', reject).off('close', onClose)
      const encrypted = connectOverTls({
        socket: plain,
        rejectUnauthorized: false,
        ALPNProtocols: ['postgresql'],
      })
      encrypted.once('error', reject)
      encrypted.once('close', onClose)
      encrypted.once('secureConnect', () => {
        encrypted.off('error', reject).off('close', onClose)
        resolve(encrypted)
      })
    }
    const onClose = () => reject(new Error('the server closed the connection before TLS'))
    plain.once('error', reject).once('close', onClose)
    plain.once('connect', () => {
      if (negotiation === 'direct') return upgrade()
      plain.write(SSL_REQUEST)
      plain.once('data', (answer) => {
        if (answer[0] === 0x53) upgrade()
        else reject(new Error('the server does not take TLS'))
      })
    })
  })
}

function createSession(socket, plain, { password, keepsKeys, abandon }) {
  let buffered = Buffer.alloc(0)
  let scram
  let failure
  let rows = []
  const session = {
    socket,
    processId: undefined,
    secret: undefined,
    onReady: () => undefined,
    onGone: () => undefined,
    query(sql) {
      return new Promise((resolve, reject) => {
        rows = []
        failure = undefined
        session.onReady = () => (failure === undefined ? resolve(rows) : reject(failure))
        session.onGone = (error) => reject(error ?? new Error('the server closed the connection'))
        socket.write(message('Q', cstring(sql)))
      })
    },
    end: () => socket.end(TERMINATE),
    reset: () => plain.resetAndDestroy(),
  }
  const onMessage = (type, body) => {
    switch (type) {
      case 'R':
        authenticate(body)
        break
      case 'E':
        failure = toError(body)
        break
      case 'K':
        session.processId = body.readInt32BE(0)
        session.secret = Buffer.from(body.subarray(4))
        break
      case 'D':
        rows.push(firstColumn(body))
        break
      case 'Z':
        session.onReady()
        break
      default:
    }
  }
  const authenticate = (body) => {
    const kind = body.readInt32BE(0)
    if (abandon) plain.resetAndDestroy()
    else if (kind === 3) socket.write(message('p', cstring(password)))
    if (kind === 10) {
      scram = beginScram()
      socket.write(message('p', scram.first))
    }
    if (kind === 11)
      socket.write(message('p', finishScram(scram, body.toString('utf8', 4), password, keepsKeys)))
  }
  socket.on('data', (chunk) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
    while (buffered.length >= 5) {
      const length = buffered.readInt32BE(1) + 1
      if (buffered.length < length) break
      const type = String.fromCharCode(buffered[0])
      const body = buffered.subarray(5, length)
      buffered = buffered.subarray(length)
      onMessage(type, body)
    }
  })
  socket.on('error', (error) => session.onGone(failure ?? error))
  socket.on('close', () => session.onGone(failure))
  return session
}

const cstring = (text) => Buffer.from(`${text}\0`)
function message(type, body) {
  const framed = Buffer.allocUnsafe(5 + body.length)
  framed[0] = type.charCodeAt(0)
  framed.writeInt32BE(4 + body.length, 1)
  body.copy(framed, 5)
  return framed
}

function startupMessage({ user, database }) {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`)
  const packet = Buffer.alloc(8 + body.length)
  packet.writeInt32BE(packet.length, 0)
  packet.writeInt32BE(0x30000, 4)
  body.copy(packet, 8)
  return packet
}

/** RFC 5802, without channel binding. */
function beginScram() {
  const nonce = randomBytes(18).toString('base64')
  const bare = `n=,r=${nonce}`
  const first = Buffer.from(`n,,${bare}`)
  const length = Buffer.alloc(4)
  length.writeInt32BE(first.length)
  return { bare, first: Buffer.concat([cstring('SCRAM-SHA-256'), length, first]) }
}

function finishScram({ bare }, serverFirst, password, keepsKeys) {
  const {
    r: nonce,
    s: salt,
    i: iterations,
  } = Object.fromEntries(serverFirst.split(',').map((field) => [field[0], field.slice(2)]))
  const key = `${password} ${salt} ${iterations}`
  const salted =
    saltedPasswords.get(key) ??
    pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256')
  if (keepsKeys) saltedPasswords.set(key, salted)
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const storedKey = createHash('sha256').update(clientKey).digest()
  const withoutProof = `c=biws,r=${nonce}`
  const signature = createHmac('sha256', storedKey).update(`${bare},${serverFirst},${withoutProof}`).digest()
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]))
  return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
}

function firstColumn(body) {
  if (body.readInt16BE(0) === 0) return undefined
  const length = body.readInt32BE(2)
  return length < 0 ? undefined : body.toString('utf8', 6, 6 + length)
}

function toError(body) {
  const fields = Object.fromEntries(
    body
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '')
      .map((field) => [field[0], field.slice(1)]),
  )
  return Object.assign(new Error(fields.M), { code: fields.C })
}
