/** One text of the page's address. Pages that stand at several paths (workspace and account) cannot name one route. */
import { useParams, useSearch } from '@tanstack/react-router'

/** @returns the parameter of the path, decoded; empty where the path has none of that name */
export function useParam(name: string): string {
  const params: Readonly<Record<string, unknown>> = useParams({ strict: false })
  const value = params[name]
  return typeof value === 'string' ? value : ''
}

/** @returns the text in the query of the address; empty where it is not there */
export function useSearchText(name: string): string {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false })
  const value = search[name]
  return typeof value === 'string' ? value : ''
}
