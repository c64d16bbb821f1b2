/**
 * The login itself, from the startup message of a driver to the first answer that the driver is to read. The server asks for a
 * password in clear, inside TLS, and gets the token; the driver never holds it.
 */
import type { TLSSocket } from 'node:tls'
import { LoginError } from './login-error.ts'
import {
  passwordMessage,
  readServerError,
  refusesToken,
  takeMessage,
  violation,
  type ServerMessage,
} from './messages.ts'

export interface LoginAnswer {
  /** The server refused the token itself; it closes the connection. */
  readonly tokenRefused: boolean
  /** What the driver is to read: everything since the startup message, but for the request for the password. */
  readonly bytes: Buffer
}

/** `AuthenticationOk` and `AuthenticationCleartextPassword` (PostgreSQL, «Message Formats»). */
const AUTHENTICATION_OK = 0
const AUTHENTICATION_CLEARTEXT_PASSWORD = 3

/** Resolves with the socket paused, so that nothing is lost before its reader is there. */
export function logInOver(secure: TLSSocket, startup: Buffer, token: string): Promise<LoginAnswer> {
  return new Promise((resolve, reject) => {
    let unread: Buffer = Buffer.alloc(0)
    const forDriver: Buffer[] = []
    const leave = () => {
      secure.off('data', read)
      secure.off('error', fail)
      secure.off('close', closed)
      secure.pause()
    }
    const fail = (error: Error) => {
      leave()
      secure.destroy()
      reject(error)
    }
    const closed = () => {
      fail(
        new LoginError(
          'CONNECTION_CLOSED',
          'The server closed the connection during the login.',
          'Connect again; the log of the server says why.',
        ),
      )
    }
    /** @returns whether the login is over */
    const take = (message: ServerMessage): boolean => {
      switch (message.type) {
        case 'R': {
          const request = message.body.length < 4 ? undefined : message.body.readInt32BE()
          if (request === AUTHENTICATION_CLEARTEXT_PASSWORD) {
            secure.write(passwordMessage(token))
            return false
          }
          if (request !== AUTHENTICATION_OK) throw proofOfAnotherKind()
          break
        }
        case 'E':
          break
        // Notices, and the protocol version that the server speaks; the driver reads those of the attempt that counts.
        case 'N':
        case 'v':
          forDriver.push(message.whole)
          return false
        default:
          throw violation(
            `the server sent a message of type ${JSON.stringify(message.type)} before the login was over`,
          )
      }
      leave()
      resolve({
        tokenRefused: message.type === 'E' && refusesToken(readServerError(message.body)),
        bytes: Buffer.concat([...forDriver, message.whole, message.rest]),
      })
      return true
    }
    const read = (chunk: Buffer) => {
      unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk])
      try {
        for (let message = takeMessage(unread); message !== undefined; message = takeMessage(unread)) {
          if (take(message)) return
          unread = message.rest
        }
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)))
      }
    }
    secure.on('data', read)
    secure.on('error', fail)
    secure.on('close', closed)
    secure.write(startup)
  })
}

const proofOfAnotherKind = (): LoginError =>
  new LoginError(
    'TOKEN_NOT_ASKED_FOR',
    'The server does not ask for a token: the role has a password of its own.',
    'Log in as a role that is bound to your identity, or give the password to the database library itself.',
  )
