/**
 * A command that calls one operation of the REST API, as data. Names, positional arguments and flags are those of the
 * databricks CLI (cmd/workspace, cmd/account), so that what people know and what scripts say works unchanged.
 */
import type { Colours } from '../output/colours.ts'

export interface Operation {
  /** The word of the command: `create-database-instance`. */
  readonly name: string
  /** A sentence for the help. */
  readonly summary: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** `{name}` is the argument that goes there; `{account_id}` is the account's. */
  readonly path: string
  readonly arguments?: readonly Argument[]
  readonly flags?: readonly Flag[]
  /** Whether `--json` may give the body, or must. With it, arguments that go to the body are not given. */
  readonly json?: 'optional' | 'required'
  readonly answer: Answer
  /** After the answer, waits until the instance is available, as `--no-wait` and `--timeout` say. */
  readonly waits?: boolean
}

export interface Argument {
  /** As the help shows it: `INSTANCE_NAME`. */
  readonly name: string
  readonly about: string
  readonly to: 'path' | 'query' | 'body'
  readonly field: string
  readonly kind?: 'number' | 'list'
}

export interface Flag {
  /** Without dashes: `node-count`. */
  readonly name: string
  readonly about: string
  readonly to: 'query' | 'body'
  readonly field: string
  /** What a value is called; undefined for a switch. */
  readonly value?: string
  readonly kind?: 'number'
  readonly choices?: readonly string[]
  readonly isHidden?: boolean
  /** What is sent when the flag is left out. */
  readonly default?: string
}

export type Answer =
  | { readonly kind: 'nothing' }
  | ({ readonly kind: 'item' } & Named)
  | ({ readonly kind: 'list'; readonly paging: Paging; readonly columns: readonly FieldColumn[] } & Named)

interface Named {
  /** The field that `--quiet` prints. */
  readonly quiet: string
  /** True where the databricks CLI prints a table of its own for this. */
  readonly isTableEverywhere?: boolean
}

/** Where the things of a list are in an answer, and how the next ones are asked for. */
export type Paging =
  /** `next_page_token` of the answer is `page_token` of the next request. */
  | { readonly by: 'token'; readonly items: string }
  /** RFC 7644 §3.4.2.4: `startIndex` moves on by what came. */
  | { readonly by: 'startIndex' }
  /** All at once; below a field, or the answer itself. */
  | { readonly by: 'none'; readonly items: string | undefined }

export interface FieldColumn {
  readonly title: string
  /** A field of the thing, or one of a field of it: `oidc_policy.issuer`. */
  readonly field: string
  readonly colour?: keyof Colours
  /** How the value is shown, if not as it is. */
  readonly show?: 'activity' | 'milliseconds' | 'displays'
}

export const NOTHING: Answer = { kind: 'nothing' }

export const item = (quiet: string): Answer => ({ kind: 'item', quiet })

/** A group of operations: the first word of a command, or the second one behind `account`. */
export interface OperationGroup {
  readonly operations: readonly Operation[]
}

export const PAGE_FLAGS: readonly Flag[] = [
  {
    name: 'page-size',
    value: 'number',
    kind: 'number',
    about: 'most of them in one request',
    to: 'query',
    field: 'page_size',
  },
  {
    name: 'page-token',
    value: 'token',
    about: 'where to go on',
    to: 'query',
    field: 'page_token',
    isHidden: true,
  },
]
