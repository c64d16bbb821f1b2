/** The search against a Lakegate of its own, for `npm run attack-search`. */
import { startOwnLakegate } from '../own-lakegate.ts'
import { inArena, search, type Search, type SearchReport } from './search.ts'

export async function searchLakegate(
  wanted: Search,
  onProgress: (played: number) => void,
): Promise<SearchReport> {
  const lakegate = await startOwnLakegate({ LAKEGATE_LOG_LEVEL: 'error' })
  try {
    return await inArena(lakegate, (arena, sessions) => search(arena, sessions, wanted, onProgress))
  } finally {
    await lakegate.remove()
  }
}
