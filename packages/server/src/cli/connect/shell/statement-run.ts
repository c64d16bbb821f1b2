/**
 * One statement of the shell on its way through the driver: by the simple protocol, so that values come as PostgreSQL writes
 * them, and row by row, so that a result of any size passes through.
 */
import type { Connection, DatabaseError, Submittable } from 'pg'
import type { ResultColumn, ResultRow } from './result-format.ts'

/** What becomes of what a statement returns. */
export interface StatementReceiver {
  columns(columns: readonly ResultColumn[]): void
  /** @returns a promise when no further row should be read until it resolves */
  row(values: ResultRow): Promise<void> | undefined
  /** The result is complete; `tag` is e.g. `INSERT 0 1`, and empty for an empty statement. */
  completed(tag: string): Promise<void>
  copyOut(data: Buffer): Promise<void> | undefined
  /** The data of a COPY FROM STDIN. */
  copyIn(): AsyncIterable<Buffer>
}

/** What of the driver's connection is not in its types. */
interface DriverConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): boolean
  endCopyFrom(): void
  sendCopyFail(reason: string): void
}

interface Message {
  readonly fields?: readonly { readonly name: string; readonly dataTypeID: number }[]
}

export class StatementRun implements Submittable {
  readonly #text: string
  readonly #receiver: StatementReceiver
  #connection: DriverConnection | undefined
  /** Settles when everything that arrived has been printed. */
  #printing: Promise<void> = Promise.resolve()
  #waiting = 0
  #settle: { resolve(): void; reject(error: unknown): void } | undefined
  /** @throws DatabaseError of the statement, or the error with which the connection broke */
  readonly done: Promise<void>

  constructor(text: string, receiver: StatementReceiver) {
    this.#text = text
    this.#receiver = receiver
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  submit(connection: Connection): void {
    this.#connection = connection as DriverConnection
    connection.query(this.#text)
  }

  handleRowDescription({ fields = [] }: Message): void {
    const columns = fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }))
    this.#then(() => {
      this.#receiver.columns(columns)
      return undefined
    })
  }

  handleDataRow({ fields }: { readonly fields: ResultRow }): void {
    this.#then(() => this.#receiver.row(fields))
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#then(() => this.#receiver.completed(text))
  }

  handleEmptyQuery(): void {
    this.#then(() => this.#receiver.completed(''))
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // The driver uses its buffer again.
    const copy = Buffer.from(chunk)
    this.#then(() => this.#receiver.copyOut(copy))
  }

  handleCopyInResponse(connection: Connection): void {
    this.#then(() => this.#sendCopyData(connection as DriverConnection))
  }

  handleError(error: DatabaseError): void {
    const connection = this.#connection
    const fail = () => {
      this.#printing.then(
        () => this.#settle?.reject(error),
        () => this.#settle?.reject(error),
      )
    }
    // The driver forgets a statement that failed; the state of the transaction is known behind ReadyForQuery.
    if (connection === undefined || error.severity === undefined) fail()
    else {
      const events = ['readyForQuery', 'end', 'error'] as const
      const settle = () => {
        for (const event of events) connection.off(event, settle)
        fail()
      }
      for (const event of events) connection.on(event, settle)
    }
  }

  handleReadyForQuery(): void {
    this.#printing.then(
      () => this.#settle?.resolve(),
      (error: unknown) => this.#settle?.reject(error),
    )
  }

  handlePortalSuspended(): void {
    // Portals belong to the extended protocol.
  }

  /**
   * Everything is handed on in the order in which it came. While the receiver is busy nothing is read from the network;
   * what the driver has read already waits here.
   */
  #then(work: () => Promise<void> | undefined): void {
    if (this.#waiting === 0) {
      try {
        const busy = work()
        if (busy === undefined) return
        this.#wait(busy)
      } catch (error) {
        this.#wait(Promise.reject(error instanceof Error ? error : new Error(String(error))))
      }
      return
    }
    this.#wait(this.#printing.then(work))
  }

  #wait(busy: Promise<void>): void {
    if (this.#waiting === 0) this.#connection?.stream.pause()
    this.#waiting += 1
    this.#printing = busy.finally(() => {
      this.#waiting -= 1
      if (this.#waiting === 0) this.#connection?.stream.resume()
    })
    // It is reported when the statement is over.
    this.#printing.catch(() => undefined)
  }

  async #sendCopyData(connection: DriverConnection): Promise<void> {
    try {
      // PostgreSQL may refuse the data before all of it is sent, so reading goes on meanwhile.
      connection.stream.resume()
      for await (const chunk of this.#receiver.copyIn()) {
        connection.sendCopyFromChunk(chunk)
        if (connection.stream.writableNeedDrain)
          await new Promise<void>((resolve) => {
            connection.stream.once('drain', resolve)
            connection.stream.once('close', resolve)
          })
      }
      connection.endCopyFrom()
    } catch (error) {
      connection.sendCopyFail(error instanceof Error ? error.message : String(error))
    }
  }
}
