/**
 * Limits of the wire protocol. Every stated length is compared with one of these before a byte is allocated for it
 * (attack 8).
 */

/**
 * A startup packet with its length word. PostgreSQL's MAX_STARTUP_PACKET_LENGTH (libpq/pqcomm.h) is 10,000 without the
 * length word; the difference of four bytes does not matter.
 */
export const LONGEST_STARTUP_PACKET = 10_000

/** What PostgreSQL itself accepts: 10,000 bytes and the length word. Limits the packet that we send to it. */
export const LONGEST_STARTUP_PACKET_OF_BACKEND = 10_004

/** PG_MAX_AUTH_TOKEN_LENGTH (libpq/auth.h), length word included. A token is under 1 KiB. */
export const LONGEST_PASSWORD_MESSAGE = 65_535

/** NAMEDATALEN - 1: the longest name of a role or database, in bytes. */
export const LONGEST_NAME = 63

/** Protocol 3.0 has keys of 4 bytes, 3.2 of up to 256 ("Message Formats", BackendKeyData). */
export const CANCEL_KEY_LENGTH = { least: 4, most: 256 } as const

/** ErrorResponse and everything else before AuthenticationOk; libpq allows 30,000 there (MAX_ERRLEN). */
export const LONGEST_BACKEND_LOGIN_MESSAGE = 30_000

/**
 * PG_MAX_SASL_MESSAGE_LENGTH before OAUTHBEARER (libpq/sasl.h), which is enough for every SCRAM message; length word
 * and the name of the mechanism in the first one included.
 */
export const LONGEST_SCRAM_MESSAGE = 1024
/** PQ_LARGE_MESSAGE_LIMIT (libpq/libpq.h): MaxAllocSize - 1, PostgreSQL's limit for a statement or COPY data. */
export const LONGEST_MESSAGE = 0x3fff_fffe
/** PQ_SMALL_MESSAGE_LIMIT (libpq/libpq.h): for messages with little content (`SocketBackend`, since PostgreSQL 14). */
export const LONGEST_SMALL_MESSAGE = 10_000
