/**
 * A PostgreSQL in memory that speaks the extended query protocol of a few statements, as `PostgresMain` answers them: enough
 * for a model of conversations, and for nothing else. Written from the manual ("Message Flow"), without src/protocol.
 */
import { cstring } from '../../../stage/byte-builder.ts'

export interface Answer {
  readonly type: string
  readonly body: Buffer
}

/** What all backends of a cluster share: how often the table of `SELECT * FROM t` was changed. */
export interface Cluster {
  version: number
}

interface Statement {
  readonly sql: string
  /** Of the cluster, when it was prepared: the shape of its rows. */
  readonly version: number
}

interface Portal extends Statement {
  isDone: boolean
}

/** Ends what is done with a message, as PostgreSQL's ERROR. */
class Failure extends Error {
  readonly sqlstate: string
  constructor(sqlstate: string) {
    super(sqlstate)
    this.sqlstate = sqlstate
  }
}

const ENDS_TRANSACTION: ReadonlySet<string> = new Set(['COMMIT', 'ROLLBACK'])
export const CHANGING_ROWS = 'SELECT * FROM t'
const COPY = 'COPY lines FROM STDIN'

export class PostgresModel {
  readonly #cluster: Cluster
  readonly #statements = new Map<string, Statement>()
  readonly #portals = new Map<string, Portal>()
  #status: 'I' | 'T' | 'E' = 'I'
  /** Behind an error, up to the Sync. */
  #isSkipping = false
  #copying: 'query' | 'execute' | undefined
  #unparsed = Buffer.alloc(0)
  /** Answered, and not sent yet. */
  #unsent: Answer[] = []
  #sent: Answer[] = []

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** As DISCARD ALL between two sessions. */
  empty(): void {
    this.#statements.clear()
    this.#portals.clear()
  }

  /** As a simple query of somebody who asks what the session left. */
  ask(): void {
    this.#forgetUnnamed()
  }

  /** @returns what it sends: all answers up to the last one behind which PostgreSQL flushes */
  receive(bytes: Buffer): readonly Answer[] {
    this.#unparsed = Buffer.concat([this.#unparsed, bytes])
    while (this.#unparsed.length >= 5 && this.#unparsed.length > this.#unparsed.readInt32BE(1)) {
      const end = 1 + this.#unparsed.readInt32BE(1)
      const [type, body] = [this.#unparsed.toString('latin1', 0, 1), this.#unparsed.subarray(5, end)]
      this.#unparsed = this.#unparsed.subarray(end)
      this.#message(type, body)
    }
    const sent = this.#sent
    this.#sent = []
    return sent
  }

  #message(type: string, body: Buffer): void {
    if (this.#copying !== undefined) {
      this.#whileCopying(type)
      return
    }
    if (this.#isSkipping && type !== 'S') return
    try {
      this.#serve(type, body)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#fail(error.sqlstate, type === 'Q')
    }
  }

  #serve(type: string, body: Buffer): void {
    switch (type) {
      case 'Q':
        this.#forgetUnnamed()
        this.#runSimple(textsOf(body)[0] ?? '')
        return
      case 'P':
        this.#parse(...namesOf(body))
        return
      case 'B':
        this.#bind(...namesOf(body))
        return
      case 'D':
        this.#describe(body.toString('latin1', 0, 1), textsOf(body.subarray(1))[0] ?? '')
        return
      case 'E':
        this.#execute(textsOf(body)[0] ?? '')
        return
      case 'C':
        ;(body.toString('latin1', 0, 1) === 'S' ? this.#statements : this.#portals).delete(
          textsOf(body.subarray(1))[0] ?? '',
        )
        this.#answer('3')
        return
      case 'H':
        this.#flush()
        return
      case 'S':
        this.#isSkipping = false
        this.#ready()
        return
      default:
        // COPY messages without a COPY are ignored.
        if (!'dcf'.includes(type)) throw new Error(`the model does not know ${type}`)
    }
  }

  #whileCopying(type: string): void {
    // Sync and Flush among the data are ignored.
    if (type !== 'c' && type !== 'f') {
      if (!'dSH'.includes(type)) throw new Error(`${type} while a COPY reads`)
      return
    }
    const isSimple = this.#copying === 'query'
    this.#copying = undefined
    if (type === 'f') {
      this.#fail('57014', isSimple)
      return
    }
    this.#answer('C', cstring('COPY 0'))
    if (isSimple) this.#ready()
  }

  #parse(name: string, sql: string): void {
    if (name === '') this.#statements.delete('')
    if (sql === 'SELEC') throw new Failure('42601')
    if (sql !== '') this.#requireTransaction(sql)
    if (sql.includes('::pg_catalog."')) throw new Failure('42704')
    if (this.#statements.has(name)) throw new Failure('42P05')
    this.#statements.set(name, { sql, version: this.#cluster.version })
    this.#answer('1')
  }

  #bind(portal: string, name: string): void {
    const statement = this.#statementOf(name)
    this.#requireTransaction(statement.sql)
    if (portal === '') this.#portals.delete('')
    if (this.#portals.has(portal)) throw new Failure('42P03')
    this.#portals.set(portal, { ...statement, isDone: false })
    this.#answer('2')
  }

  #describe(subject: string, name: string): void {
    const described = subject === 'S' ? this.#statementOf(name) : this.#portals.get(name)
    if (described === undefined) throw new Failure('34000')
    // In a failed transaction PostgreSQL describes one without rows as well, but does not make it again (docs/pooled-endpoint.md).
    if (described.sql !== '') this.#requireTransaction(described.sql)
    if (subject === 'S') this.#answer('t', Buffer.alloc(2))
    this.#answerShape(described)
  }

  /** @throws 0A000: cached plan must not change result type */
  #statementOf(name: string): Statement {
    const statement = this.#statements.get(name)
    if (statement === undefined) throw new Failure('26000')
    if (statement.sql === CHANGING_ROWS && statement.version !== this.#cluster.version) {
      throw new Failure(this.#status === 'E' ? '25P02' : '0A000')
    }
    return statement
  }

  #execute(name: string): void {
    const portal = this.#portals.get(name)
    if (portal === undefined) throw new Failure('34000')
    this.#requireTransaction(portal.sql)
    if (portal.isDone) throw new Failure('55000')
    portal.isDone = true
    this.#run(portal.sql, 'execute')
  }

  #runSimple(sql: string): void {
    if (sql === 'SELEC') throw new Failure('42601')
    this.#requireTransaction(sql)
    this.#answerShapeOfRows({ sql, version: this.#cluster.version })
    this.#run(sql, 'query')
    if (this.#copying === undefined) this.#ready()
  }

  #run(sql: string, how: 'query' | 'execute'): void {
    const [, deallocated] = /^DEALLOCATE (\w+)$/.exec(sql) ?? []
    if (sql === '') this.#answer('I')
    else if (sql === COPY) {
      this.#copying = how
      this.#answer('G', Buffer.alloc(3))
      this.#flush()
    } else if (sql === 'SELECT fails()') throw new Failure('22012')
    else if (hasRows(sql)) {
      this.#answer('D', Buffer.from(sql))
      this.#answer('C', cstring('SELECT 1'))
    } else {
      if (sql === 'BEGIN') this.#status = 'T'
      if (ENDS_TRANSACTION.has(sql)) this.#status = 'I'
      if (sql === 'ALTER TABLE t ADD a integer') this.#cluster.version += 1
      if (sql === 'DISCARD ALL') {
        if (this.#status !== 'I') throw new Failure('25001')
        this.empty()
      } else if (deallocated === 'ALL') {
        for (const name of [...this.#statements.keys()]) if (name !== '') this.#statements.delete(name)
      } else if (deallocated !== undefined && !this.#statements.delete(deallocated))
        throw new Failure('26000')
      this.#answer('C', cstring(tagOf(sql)))
    }
  }

  #requireTransaction(sql: string): void {
    if (this.#status === 'E' && !ENDS_TRANSACTION.has(sql)) throw new Failure('25P02')
  }

  #fail(sqlstate: string, isSimple: boolean): void {
    this.#answer('E', Buffer.concat([cstring('SERROR'), cstring(`C${sqlstate}`), Buffer.of(0)]))
    if (this.#status === 'T') this.#status = 'E'
    this.#flush()
    if (isSimple) this.#ready()
    else this.#isSkipping = true
  }

  /** The transaction is over, unless there is a block: portals end with it. */
  #ready(): void {
    if (this.#status === 'I') this.#portals.clear()
    this.#answer('Z', Buffer.from(this.#status))
    this.#flush()
  }

  #forgetUnnamed(): void {
    this.#statements.delete('')
    this.#portals.delete('')
  }

  #answerShape(statement: Statement): void {
    if (hasRows(statement.sql)) this.#answerShapeOfRows(statement)
    else this.#answer('n')
  }

  #answerShapeOfRows({ sql, version }: Statement): void {
    if (!hasRows(sql)) return
    const column = sql === CHANGING_ROWS ? `a${String(version)}` : 'b'
    this.#answer('T', Buffer.concat([Buffer.of(0, 1), cstring(column), Buffer.alloc(18)]))
  }

  #answer(type: string, body: Buffer = Buffer.alloc(0)): void {
    this.#unsent.push({ type, body })
  }

  #flush(): void {
    this.#sent.push(...this.#unsent)
    this.#unsent = []
  }
}

const hasRows = (sql: string): boolean => sql.startsWith('SELECT')
const tagOf = (sql: string): string =>
  sql.startsWith('DEALLOCATE') && sql !== 'DEALLOCATE ALL' ? 'DEALLOCATE' : sql.replace(/ t ADD.*$/, '')

const textsOf = (body: Buffer): readonly string[] => body.toString('latin1').split('\0')
const namesOf = (body: Buffer): [string, string] => {
  const [first = '', second = ''] = textsOf(body)
  return [first, second]
}
