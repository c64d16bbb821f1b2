/** Lists that the server answers in pages: `for await` goes through all of them, one request for each page. */

/** A list with pages: nothing is requested until it is read. */
export interface Pages<Item, Answer> extends AsyncIterable<Item> {
  /** The first page only, as the server answers it. */
  page(): Promise<Answer>
  /** All items of all pages. */
  all(): Promise<Item[]>
}

/** What a list with pages is asked for. */
export type PageRequest = Readonly<Record<string, unknown>>

/**
 * @param fetchPage answers one request
 * @param items the field of an answer that holds the items
 */
export function createPages<Item, Answer extends object>(
  fetchPage: (request: PageRequest) => Promise<Answer>,
  items: string,
  request: PageRequest,
): Pages<Item, Answer> {
  async function* each(): AsyncGenerator<Item, void, undefined> {
    for (let next: PageRequest | undefined = request; next !== undefined;) {
      const page: Answer = await fetchPage(next)
      const found = fieldOf(page, items)
      const onPage = Array.isArray(found) ? (found as Item[]) : []
      yield* onPage
      next = requestBehind(next, page, onPage.length)
    }
  }
  return {
    [Symbol.asyncIterator]: each,
    page: () => fetchPage(request),
    async all() {
      const found: Item[] = []
      for await (const item of each()) found.push(item)
      return found
    },
  }
}

/** @returns undefined after the last page */
function requestBehind(request: PageRequest, page: object, onPage: number): PageRequest | undefined {
  const token = fieldOf(page, 'next_page_token')
  if (typeof token === 'string' && token !== '') return { ...request, page_token: token }
  // SCIM counts resources from 1 (RFC 7644 §3.4.2.4); a page without any is behind the last one.
  const [start, total] = [fieldOf(page, 'startIndex'), fieldOf(page, 'totalResults')]
  if (typeof start !== 'number' || typeof total !== 'number' || onPage === 0) return undefined
  return start + onPage > total ? undefined : { ...request, startIndex: start + onPage }
}

const fieldOf = (page: object, name: string): unknown =>
  Object.entries(page).find(([key]) => key === name)?.[1]
