/** Calls an operation: one request, or as many as a list has pages. */
import type { LakegateHttp } from '@lakegate/client'
import { commandFailed } from '../exit-codes.ts'
import type { Answer, Operation, Paging } from './operation.ts'
import type { ApiRequest } from './request.ts'

type ListAnswer = Extract<Answer, { readonly kind: 'list' }>

/** @returns the answer as it came */
export const call = (http: LakegateHttp, { method }: Operation, request: ApiRequest): Promise<unknown> =>
  http.request(method, addressOf(request, {}), request.body)

/** @param limit most of them; 0 for all @returns what is in the list, of all its pages */
export async function callList(
  http: LakegateHttp,
  operation: Operation,
  { paging }: ListAnswer,
  request: ApiRequest,
  limit: number,
): Promise<readonly unknown[]> {
  const items: unknown[] = []
  let next: Readonly<Record<string, string>> | undefined = {}
  while (next !== undefined && (limit === 0 || items.length < limit)) {
    const answer: unknown = await http.request(operation.method, addressOf(request, next))
    const page = pageOf(answer, paging)
    items.push(...page)
    next = nextOf(answer, paging, page.length)
  }
  return limit === 0 ? items : items.slice(0, limit)
}

function addressOf({ path, query }: ApiRequest, more: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams({ ...query, ...more }).toString()
  return parameters === '' ? path : `${path}?${parameters}`
}

function pageOf(answer: unknown, paging: Paging): readonly unknown[] {
  const field = paging.by === 'startIndex' ? 'Resources' : paging.items
  const items = field === undefined ? answer : fieldOf(answer, field)
  if (items === undefined) return []
  if (Array.isArray(items)) return items
  throw commandFailed('The answer of the server is no list.', 'Make sure that the host is a Lakegate.')
}

/** @returns what the next request says in addition; undefined when that was the last page */
function nextOf(
  answer: unknown,
  paging: Paging,
  count: number,
): Readonly<Record<string, string>> | undefined {
  if (paging.by === 'token') {
    const token = fieldOf(answer, 'next_page_token')
    return typeof token === 'string' && token !== '' ? { page_token: token } : undefined
  }
  if (paging.by === 'none' || count === 0) return undefined
  const [first, total] = [fieldOf(answer, 'startIndex'), fieldOf(answer, 'totalResults')]
  if (typeof first !== 'number' || typeof total !== 'number') return undefined
  const after = first + count
  return after > total ? undefined : { startIndex: String(after) }
}

const fieldOf = (answer: unknown, field: string): unknown =>
  typeof answer === 'object' && answer !== null
    ? (Object.entries(answer) as [string, unknown][]).find(([name]) => name === field)?.[1]
    : undefined
