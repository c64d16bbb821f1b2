/** Lists that the server hands out in pages are read whole: filters and counts of a page are then true. */
import { get, type Query } from './api.ts'

interface NextPage {
  readonly next_page_token?: string
}

/**
 * @param readItems takes the items out of one page; a page without any may leave them out
 * @throws ApiError, UnreachableError
 */
export async function getAllPages<Item>(
  path: string,
  readItems: (page: never) => readonly Item[] | undefined,
  signal: AbortSignal,
  query: Query = {},
): Promise<Item[]> {
  const items: Item[] = []
  let pageToken: string | undefined
  do {
    const page: NextPage = await get(path, { ...query, page_size: 100, page_token: pageToken }, signal)
    items.push(...(readItems(page as never) ?? []))
    pageToken = page.next_page_token === '' ? undefined : page.next_page_token
  } while (pageToken !== undefined)
  return items
}
