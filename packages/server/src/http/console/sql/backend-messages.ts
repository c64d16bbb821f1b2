/**
 * Reads PostgreSQL's messages, whatever their size. A row is parsed while it arrives, keeping of each value only what
 * the console needs; of other messages only the beginning is kept. No memory is ever allocated just because a length
 * field says so.
 */
import { FieldCursor } from '../../../protocol/frame.ts'
import { MessageScanner } from '../../../protocol/message-scanner.ts'
import { BACKEND } from '../../../protocol/message-types.ts'
import { RowAssembler, type ReceivedValue } from './row-assembler.ts'

/** RowDescription of 1,664 columns (MaxTupleAttributeNumber), with names of 63 bytes, is 135 kB. */
const LONGEST_KEPT = 256 * 1024

export interface BackendListener {
  /** @param isCut when the message was longer than what is kept */
  message(type: number, body: Buffer, isCut: boolean): void
  /** Undefined when this row is not wanted, and was skipped. */
  row(values: readonly ReceivedValue[] | undefined): void
  /** Called at the beginning of a value: how many of its bytes to keep. */
  roomFor(bytes: number, columnOfRow: number): number
  wantsRows(): boolean
  /** Called for data that violates the protocol. */
  violated(): void
}

export interface BackendMessages {
  push(chunk: Buffer): void
  /** May be called from inside the listener: data that arrived after the current message then waits. */
  pause(): void
  resume(): void
  readonly isPaused: boolean
}

const ANY_LENGTH = 0x7fff_ffff
/** CopyData of COPY TO STDOUT, which is discarded as it arrives. */
const isDropped = (type: number): boolean => type === BACKEND.copyData

export function createBackendMessages(listener: BackendListener): BackendMessages {
  const scanner = new MessageScanner({ longestOf: () => ANY_LENGTH, prefixOf: () => 5 })
  const row = new RowAssembler((bytes, column) => listener.roomFor(bytes, column))
  let pieces: Buffer[] = []
  let kept = 0
  let isCut = false
  let rowIsWanted = false
  let isPaused = false
  let isReading = false
  let isOver = false

  function take(bytes: Buffer): void {
    if (isDropped(scanner.type)) return
    if (scanner.type === BACKEND.dataRow) {
      if (rowIsWanted && !row.push(bytes)) violate()
      return
    }
    const room = LONGEST_KEPT - kept
    if (bytes.length > room) isCut = true
    const piece = bytes.subarray(0, Math.max(0, room))
    kept += piece.length
    if (piece.length > 0) pieces.push(piece)
  }

  function begin(): void {
    pieces = []
    kept = 0
    isCut = false
    if (scanner.type !== BACKEND.dataRow) return
    rowIsWanted = listener.wantsRows()
    if (rowIsWanted) row.begin()
  }

  function finish(): void {
    const { type } = scanner
    if (isDropped(type)) return
    if (type !== BACKEND.dataRow) {
      listener.message(type, Buffer.concat(pieces), isCut)
      pieces = []
      return
    }
    if (!rowIsWanted) {
      listener.row(undefined)
      return
    }
    const values = row.end()
    if (values === undefined) violate()
    else listener.row(values)
  }

  const hasViolated = (): boolean => isOver

  function violate(): void {
    isOver = true
    listener.violated()
  }

  function read(): void {
    if (isReading) return
    isReading = true
    while (!isPaused && !isOver) {
      const seen = scanner.see()
      if (seen === 'need_more') break
      if (seen === 'violation') {
        violate()
        break
      }
      const bytes = seen === 'message' ? scanner.body() : scanner.view(scanner.start, scanner.end)
      if (seen === 'message') begin()
      scanner.take()
      take(bytes)
      if (!scanner.isInsideMessage && !hasViolated()) finish()
    }
    isReading = false
  }

  return {
    push(chunk) {
      scanner.push(chunk)
      read()
    },
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
      read()
    },
    get isPaused() {
      return isPaused
    },
  }
}

/**
 * All fields of an ErrorResponse or a NoticeResponse. Tolerant: a truncated last field is returned as far as it
 * arrived.
 */
export function readErrorFields(body: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  const cursor = new FieldCursor(body)
  for (;;) {
    const code = cursor.uint8()
    if (code === undefined || code === 0) return fields
    const value = cursor.stringBytes() ?? cursor.bytes(cursor.remaining)
    const key = String.fromCharCode(code)
    if (value !== undefined && !fields.has(key)) fields.set(key, value.toString('utf8'))
  }
}
