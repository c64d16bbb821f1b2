/**
 * The rows of one statement on their way to the browser: gathered into frames, limited by the credit that the browser
 * has given, and by the row limit.
 */
import type { SqlCell, SqlServerFrame } from '@lakegate/client'
import type { RowSink } from './conversation.ts'
import type { KeptValues } from './kept-values.ts'
import type { ReceivedValue } from './row-assembler.ts'

/** Rows fetched by one Execute. */
const TURN_ROWS = 500
const MOST_ROWS_UNDER_WAY = 4 * TURN_ROWS
const MOST_BYTES_UNDER_WAY = 256 * 1024
const FRAME_BYTES = 64 * 1024

export interface ResultPorts {
  emit(frame: SqlServerFrame): void
  /** Called when the browser must process what it has before more is read. */
  onFull(): void
  readonly values: KeptValues
}

export class ResultStream implements RowSink {
  readonly #run: number
  readonly #statement: number
  readonly #ports: ResultPorts
  #limit: number
  #rows = 0
  /**
   * The first row beyond the limit: it proves that there are more rows, and is shown first when the limit is raised.
   */
  #held: readonly ReceivedValue[] | undefined
  #batch: SqlCell[][] = []
  #batchBytes = 0
  /** Frames for which the browser has not yet returned credit. */
  #underWay: { rows: number; readonly bytes: number }[] = []
  #rowsUnderWay = 0
  #bytesUnderWay = 0
  #isDropping = false
  #onRoom: (() => void) | undefined

  constructor(run: number, statement: number, limit: number, ports: ResultPorts) {
    this.#run = run
    this.#statement = statement
    this.#limit = limit
    this.#ports = ports
  }

  get rows(): number {
    return this.#rows
  }

  get hasMore(): boolean {
    return this.#held !== undefined
  }

  get isFull(): boolean {
    return (
      !this.#isDropping &&
      (this.#rowsUnderWay >= MOST_ROWS_UNDER_WAY || this.#bytesUnderWay >= MOST_BYTES_UNDER_WAY)
    )
  }

  /** How many rows the next Execute should fetch; 0 at the limit. */
  get wanted(): number {
    return this.#held === undefined ? Math.min(TURN_ROWS, this.#limit + 1 - this.#rows) : 0
  }

  wants(): boolean {
    const isWanted = !this.#isDropping && this.#held === undefined
    if (isWanted) this.#ports.values.beginRow()
    return isWanted
  }

  roomFor(bytes: number): number {
    return this.#ports.values.roomFor(bytes)
  }

  row(values: readonly ReceivedValue[]): void {
    if (this.#isDropping) return
    if (this.#rows >= this.#limit) {
      this.#held = values
      return
    }
    this.#add(values)
    if (this.isFull) this.#ports.onFull()
  }

  /** Allows that many more rows to be shown. */
  raiseLimit(rows: number): void {
    this.#limit = this.#rows + rows
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) this.#add(held)
  }

  /** Sends the gathered rows. */
  flush(): void {
    if (this.#batch.length === 0) return
    const [rows, bytes] = [this.#batch.length, this.#batchBytes]
    this.#underWay.push({ rows, bytes })
    this.#rowsUnderWay += rows
    this.#bytesUnderWay += bytes
    this.#ports.emit({ type: 'rows', run: this.#run, statement: this.#statement, rows: this.#batch })
    this.#batch = []
    this.#batchBytes = 0
  }

  /** The browser has processed that many rows. */
  credit(rows: number): void {
    let left = rows
    for (;;) {
      const [oldest] = this.#underWay
      if (oldest === undefined || left === 0) break
      const taken = Math.min(left, oldest.rows)
      oldest.rows -= taken
      left -= taken
      this.#rowsUnderWay -= taken
      if (oldest.rows > 0) break
      this.#bytesUnderWay -= oldest.bytes
      this.#underWay.shift()
    }
    if (!this.isFull) this.#tellRoom()
  }

  /** Resolves when the browser has room for another Execute, or no more rows are wanted. */
  async whenRoom(): Promise<void> {
    if (!this.isFull) return
    await new Promise<void>((resolve) => {
      this.#onRoom = resolve
    })
  }

  /** From now on rows are discarded: the statement is being cancelled, or the session ends. */
  drop(): void {
    this.#isDropping = true
    this.#tellRoom()
  }

  #tellRoom(): void {
    this.#onRoom?.()
    this.#onRoom = undefined
  }

  #add(values: readonly ReceivedValue[]): void {
    const row = this.#rows
    this.#rows += 1
    this.#batch.push(
      values.map((value, column) =>
        this.#ports.values.keep(value, { run: this.#run, statement: this.#statement, row, column }),
      ),
    )
    for (const { kept } of values) this.#batchBytes += Math.min(kept.length, FRAME_BYTES) + 4
    if (this.#batch.length >= TURN_ROWS || this.#batchBytes >= FRAME_BYTES) this.flush()
  }
}
