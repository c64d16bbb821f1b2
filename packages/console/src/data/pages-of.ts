/** Reads all pages of a list, so that filters and counts on a page are correct. */
import { get, type Query } from './api.ts'

interface NextPage {
  readonly next_page_token?: string
}

type ReadItems<Page, Item> = (page: Page) => readonly Item[] | undefined

/**
 * @param readItems takes the items out of one page; a page without items may leave them out
 * @throws ApiError, UnreachableError
 */
export async function getAllPages<Page, Item>(
  path: string,
  readItems: ReadItems<Page, Item>,
  signal: AbortSignal,
  query: Query = {},
): Promise<Item[]> {
  const items: Item[] = []
  let pageToken: string | undefined
  do {
    const page = await get<Page & NextPage>(path, { ...query, page_size: 100, page_token: pageToken }, signal)
    items.push(...(readItems(page) ?? []))
    pageToken = page.next_page_token === '' ? undefined : page.next_page_token
  } while (pageToken !== undefined)
  return items
}
