/**
 * The REST API as functions: `rest.database.createDatabaseInstance({ name: 'dev' })`. All of it comes from the table
 * of operations: what stands in the path, what goes into the query and the body.
 */
import type { HostMetadata } from '../contract/discovery.ts'
import type { Services } from '../contract/operations/services.ts'
import { LakegateError } from '../errors.ts'
import { pathMember, type LakegateHttp, type RequestOptions } from '../http.ts'
import { OPERATIONS, type OperationRow } from './operations.ts'
import { createPages, type Pages } from './pages.ts'

/** What a caller gives of it; nothing, of an object that has no members. */
type MembersOf<Part> = string extends keyof Part ? object : Omit<Part, 'account_id'>

/** The members of a request that come from one part of an operation; none where it does not have that part. */
type PartOf<Operation, Part extends string> = Operation extends { [part in Part]?: infer Members }
  ? MembersOf<Exclude<Members, undefined>>
  : object

/** The id of the account need not be given: it is that of the host. */
type AccountOf<Operation> = Operation extends { parameters: { account_id: string } }
  ? { account_id?: string }
  : object

/** What an operation is called with: everything that goes into its path, its query and its body, in one object. */
export type RequestOf<Operation> = PartOf<Operation, 'parameters'> &
  PartOf<Operation, 'query'> &
  Omit<PartOf<Operation, 'body'>, keyof PartOf<Operation, 'parameters'>> &
  AccountOf<Operation>

/** What an operation answers. */
export type AnswerOf<Operation> = Operation extends { answer: infer Answer } ? Answer : never

type ItemOf<Answer, Items> = Items extends keyof Answer
  ? Answer[Items] extends readonly (infer Item)[]
    ? Item
    : never
  : never

type ResultOf<Operation> = Operation extends { items: infer Items }
  ? Pages<ItemOf<AnswerOf<Operation>, Items>, AnswerOf<Operation>>
  : Promise<AnswerOf<Operation>>

/** An operation as a function; lists with pages are read with `for await`. */
export type Call<Operation> =
  object extends RequestOf<Operation>
    ? (request?: RequestOf<Operation>, options?: RequestOptions) => ResultOf<Operation>
    : (request: RequestOf<Operation>, options?: RequestOptions) => ResultOf<Operation>

/** Every service with its operations as functions. */
export type Rest = {
  readonly [Service in keyof Services]: {
    readonly [Name in keyof Services[Service]]: Call<Services[Service][Name]>
  }
}

/** What the typed REST client needs to know beside where the server is. */
export interface RestOptions {
  /** The account that is meant by operations of the account; when left out, the host is asked for its own. */
  readonly accountId?: string
}

type Request = Readonly<Record<string, unknown>>

/**
 * The REST API as functions, by service.
 * @param http where the requests go, with which token
 */
export function createRest(http: LakegateHttp, options: RestOptions = {}): Rest {
  const call = createCall(http, options)
  const rest: unknown = Object.fromEntries(
    Object.entries(OPERATIONS).map(([service, operations]) => [
      service,
      Object.fromEntries(
        Object.entries(operations).map(([name, row]: [string, OperationRow]) => [
          name,
          (request: Request = {}, given?: RequestOptions) => {
            const title = `${service}.${name}`
            return row.items === undefined
              ? call(title, row, request, given)
              : createPages((page) => call(title, row, page, given), row.items, request)
          },
        ]),
      ),
    ]),
  )
  return rest as Rest
}

/** @returns a function that sends one request of an operation */
function createCall(http: LakegateHttp, { accountId }: RestOptions) {
  let account: Promise<string> | undefined = accountId === undefined ? undefined : Promise.resolve(accountId)
  const findAccount = () =>
    (account ??= http.request<HostMetadata>('GET', '/.well-known/databricks-config').then(
      ({ account_id: found }) => found,
      (error: unknown) => {
        // The next call asks again.
        account = undefined
        throw error
      },
    ))
  return async (
    title: string,
    row: OperationRow,
    request: Request,
    given?: RequestOptions,
  ): Promise<object> => {
    const isOfAccount = row.path.includes('{account_id}') && request['account_id'] === undefined
    const sent = planRequest(
      title,
      row,
      isOfAccount ? { ...request, account_id: await findAccount() } : request,
    )
    return http.request<object>(row.method, sent.path, sent.body, given)
  }
}

/**
 * Where each member of a request goes.
 * @param title of the operation, for errors
 * @throws LakegateError naming a member that is missing, or that the operation does not have
 */
function planRequest(
  title: string,
  { path, query, body, required }: OperationRow,
  request: Request,
): { readonly path: string; readonly body: Request | undefined } {
  const given = Object.entries(request).filter(([, value]) => value !== undefined)
  const missing = required.find((name) => !given.some(([key]) => key === name))
  if (missing !== undefined)
    throw new LakegateError(`${title}: ${missing} is missing.`, `Name ${missing} in the request.`)
  const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
  const unknown = given.find(([key]) => !inPath.has(key) && !(key in query) && !(key in (body ?? {})))
  if (unknown !== undefined) {
    const known = [...inPath, ...Object.keys(query), ...Object.keys(body ?? {})].join(', ')
    throw new LakegateError(
      `${title}: ${unknown[0]} is not known.`,
      `A request has ${known === '' ? 'no members' : known}.`,
    )
  }
  const parameters = new URLSearchParams()
  for (const [key, value] of given) if (key in query && !inPath.has(key)) parameters.set(key, String(value))
  const content = given.filter(([key]) => !inPath.has(key) && !(key in query))
  const filled = path.replace(/\{(\w+)\}/g, (_match, name: string) =>
    pathMember(`${name} of ${title}`, request[name]),
  )
  return {
    path: parameters.size === 0 ? filled : `${filled}?${parameters.toString()}`,
    body: body === undefined ? undefined : Object.fromEntries(content),
  }
}
