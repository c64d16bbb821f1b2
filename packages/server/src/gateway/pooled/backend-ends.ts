/** The ways in which a backend ends, or fails to open, that the gateway did not cause. */
import { decodeErrorResponse } from '../../protocol/error-response.ts'
import type { Frame } from '../../protocol/frame.ts'
import { sqlstateThatEnds } from '../../protocol/last-word.ts'
import { buildMessage } from '../../protocol/message-builder.ts'
import { BACKEND } from '../../protocol/message-types.ts'

/** PostgreSQL did not open the session; its own ErrorResponse goes to the client. */
export class BackendRefused extends Error {
  readonly answer: Buffer
  readonly sqlstate: string | undefined

  constructor(body: Buffer) {
    super('PostgreSQL did not open the session')
    this.name = 'BackendRefused'
    this.answer = buildMessage(BACKEND.errorResponse, body)
    this.sqlstate = decodeErrorResponse(body).sqlstate
  }
}

/** PostgreSQL ended a backend that holds something a session left in it; its last ErrorResponse goes to the client. */
export class BackendEnded extends Error {
  readonly answer: Buffer
  readonly sqlstate: string | undefined

  constructor(body: Buffer) {
    super('PostgreSQL ended the backend')
    this.name = 'BackendEnded'
    this.answer = buildMessage(BACKEND.errorResponse, body)
    this.sqlstate = sqlstateThatEnds(body)
  }
}

/** The backend closed the connection while a statement of ours was running. */
export class BackendGone extends Error {
  readonly frames: readonly Frame[]

  constructor(frames: readonly Frame[]) {
    super('the backend ended the connection')
    this.name = 'BackendGone'
    this.frames = frames
  }
}
